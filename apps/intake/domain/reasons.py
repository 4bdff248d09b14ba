"""Why a file did not pass, in words a person can act on. Codes are stable."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """`releasable` says whether a person may let the file go on all the same."""

    code: str
    title: str
    remedy: str
    releasable: bool = False


_ASK = "Ask the sender for the file again, and compare its size and checksum with the original."

NOT_DICOM = Reason("not-dicom", "Not a DICOM file", "Leave it out of the delivery; nothing of it is kept.")
UNREADABLE = Reason("unreadable", "The file cannot be read", _ASK)
INCOMPLETE = Reason("incomplete-identity", "The SOP Instance UID is missing", _ASK)
MISSING_UIDS = Reason(
    "missing-uids",
    "Study or Series Instance UID is missing",
    "Ask the sender for complete files, or let them pass: those of one frame of reference become one series.",
    releasable=True,
)
DUPLICATE = Reason("duplicate", "These bytes are here already", "Nothing needs to be done.")
CONFLICT = Reason(
    "conflicting-instance",
    "Another file with the same SOP Instance UID is here already",
    "Find out which of the two is right, and reject this one or ask the sender for a corrected UID.",
)
DIRECTORY = Reason(
    "dicomdir",
    "A DICOMDIR only lists other files",
    "Nothing needs to be done: the files it lists speak for themselves.",
)
QUALITY = Reason(
    "quality-critical",
    "The quality check found something critical in this series",
    "Read the findings: let the series pass as it is, or reject it and ask for it again.",
    releasable=True,
)
QUALITY_FAILED = Reason(
    "quality-failed",
    "The quality check could not be completed",
    "Let the series pass unchecked, or reject it; tell your administrator.",
    releasable=True,
)
BURNED_IN = Reason(
    "burned-in-text",
    "Text may be burned into the pixels",
    "Look at the images: let them pass if the text identifies nobody, else reject them.",
    releasable=True,
)
PIXELS_FAILED = Reason(
    "pixel-check-failed",
    "The pixels could not be read and checked for text",
    "Look at the images: let them pass if they can be shown and identify nobody, else reject them.",
    releasable=True,
)
FACE = Reason(
    "recognizable-face",
    "A face could be recognised in these images",
    "Let them pass if the terms of use of this project cover it, else reject them.",
    releasable=True,
)
RESIDUAL = Reason(
    "residual-identifier",
    "An original identifier can still be read after de-identification",
    "Add a rule for the place named to the project's policy, or reject the file.",
)
ENGINE = Reason(
    "engine-error", "De-identification did not come to an end", "Reject the file, or tell your administrator."
)
NOT_DESCRIBED = Reason("not-described", "The de-identified file cannot be read back", _ASK)
REJECTED = Reason("rejected", "A person rejected it", "Nothing needs to be done.")
UNSAFE_NAME = Reason(
    "unsafe-name", "The name leads outside the archive", "Make the archive again with plain relative names."
)
NESTED = Reason("nested-archive", "An archive inside an archive", "Unpack it first, then send its files.")
ENCRYPTED = Reason(
    "encrypted-archive", "The archive is encrypted", "Send it without a password: the line is encrypted."
)
BAD_ARCHIVE = Reason("bad-archive", "The archive is damaged", _ASK)
BOMB = Reason(
    "archive-limit",
    "The archive unpacks to more than is allowed",
    "Send the files themselves, or several smaller archives.",
)
TOO_LARGE = Reason("too-large", "The file is larger than is allowed", "Ask your administrator to raise the limit.")

ALL = {value.code: value for name, value in dict(globals()).items() if name.isupper() and isinstance(value, Reason)}
