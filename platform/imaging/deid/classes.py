"""Which objects the engine handles at all, and why the others stay in quarantine."""

from __future__ import annotations

from pydicom._uid_dict import UID_dictionary
from pydicom.dataset import Dataset

from imaging.deid.iod import is_known_class
from imaging.deid.result import Withheld

_ENCAPSULATED = "1.2.840.10008.5.1.4.1.1.104."
_RAW = frozenset({"1.2.840.10008.5.1.4.1.1.66", "1.2.840.10008.5.1.4.1.1.601.1"})
_VIDEO = frozenset(
    {
        "1.2.840.10008.5.1.4.1.1.77.1.1.1",
        "1.2.840.10008.5.1.4.1.1.77.1.2.1",
        "1.2.840.10008.5.1.4.1.1.77.1.4.1",
    }
)
_AUDIO = frozenset({"1.2.840.10008.5.1.4.1.1.9.4.1", "1.2.840.10008.5.1.4.1.1.9.4.2"})
_STANDALONE = frozenset({"1.2.840.10008.5.1.4.1.1.8", "1.2.840.10008.5.1.4.1.1.9", "1.2.840.10008.5.1.4.1.1.129"})
_DIRECTORY = "1.2.840.10008.1.3.10"

_REASONS: dict[str, tuple[str, str]] = {
    "encapsulated-document": (
        "The object wraps a document whose text and pictures are not checked",
        "Convert the document to images, or have a person review and import it another way.",
    ),
    "raw-data": (
        "Raw data are proprietary and cannot be checked",
        "Leave it out; the reconstructed images are enough to read.",
    ),
    "video": (
        "Compressed video cannot be checked frame by frame",
        "Re-export the clip as a multi-frame image with still compression.",
    ),
    "audio": ("A recorded voice identifies its speaker", "Leave the recording out."),
    "retired-graphics": ("A retired graphics object may hold text drawn as points", "Leave it out."),
    "directory": ("A DICOMDIR lists patients and is no image", "Import the files it lists; it is rebuilt on export."),
    "unknown-sop-class": (
        "The kind of object is not known to the standard",
        "Ask the vendor for a standard export, or have the class added and tested.",
    ),
    "missing-sop-class": (
        "The object does not say what kind it is (SOPClassUID)",
        "Repair the file at its source, or set the SOP Class after review.",
    ),
    "missing-instance-uid": (
        "The object has no SOPInstanceUID",
        "Repair the file at its source; references to it cannot be kept.",
    ),
    "digital-signature": (
        "The object is digitally signed; any change breaks the signature",
        "Let a person decide, or use a policy that removes signatures.",
    ),
    "unreadable-file": (
        "The bytes cannot be read as a DICOM object",
        "Send the file again, or repair it at its source.",
    ),
    "truncated-file": (
        "The file ends before its data do",
        "Send the file again.",
    ),
    "embedded-overlay": (
        "An overlay is embedded in the bits of compressed pixels",
        "Decompress the image at its source, then import again.",
    ),
    "unknown-transfer-syntax": (
        "The transfer syntax is private or not known to the standard",
        "Re-export the object in a standard transfer syntax.",
    ),
    "residual-identifier": (
        "An original identifier can still be read in the result",
        "See the place in the report; correct the policy or the descriptor and run again.",
    ),
    "duplicate-instance": (
        "Two different files have the same SOPInstanceUID",
        "Find out which one is right and send only that one.",
    ),
    "burned-in-text": (
        "Text in the pixels, or pixels that need a person's look",
        "Review the boxes found, then redact or approve them.",
    ),
    "recognizable-face": (
        "A thin-slice head or neck series from which a face can be rendered",
        "Remove the face, or record terms of use and attest that they cover it.",
    ),
    "slide-label": (
        "The label or overview picture of a slide shows its written label",
        "Leave it out; the tissue levels come through without it.",
    ),
    "pixel-check-failed": (
        "The pixels could not be read and checked for text",
        "Check that they can be decoded; a person may then look at them.",
    ),
    "engine-error": (
        "De-identification stopped with an error",
        "Report the file's SOP class and this code; nothing of it was let through.",
    ),
}


def reason(code: str) -> Withheld:
    """The words for a withheld code."""
    text, remedy = _REASONS[code]
    return Withheld(code, text, remedy)


def class_refusal(sop_class_uid: str, transfer_syntax_uid: str) -> str | None:
    """The code for which objects of this class or syntax are withheld, or None."""
    if not sop_class_uid:
        return "missing-sop-class"
    if sop_class_uid.startswith(_ENCAPSULATED):
        return "encapsulated-document"
    if sop_class_uid in _RAW:
        return "raw-data"
    if sop_class_uid in _VIDEO or _is_video_syntax(transfer_syntax_uid):
        return "video"
    if sop_class_uid in _AUDIO:
        return "audio"
    if sop_class_uid in _STANDALONE:
        return "retired-graphics"
    if sop_class_uid == _DIRECTORY:
        return "directory"
    return None if _is_storage(sop_class_uid) else "unknown-sop-class"


def syntax_refusal(transfer_syntax_uid: str) -> str | None:
    """The code for which objects of this transfer syntax are withheld, or None."""
    entry = UID_dictionary.get(transfer_syntax_uid)
    return None if entry is not None and entry[1] == "Transfer Syntax" else "unknown-transfer-syntax"


def is_signed(dataset: Dataset) -> bool:
    """Whether the object or any item carries a real digital signature (PS3.3 C.12.1.1.3): one with signature bytes."""
    if 0xFFFAFFFA in dataset:
        for item in dataset[0xFFFAFFFA].value or []:
            if 0x04000120 in item:
                return True
    return False


def _is_video_syntax(uid: str) -> bool:
    # MPEG-2, MPEG-4 and HEVC are .100 to .108; SMPTE 2110 is 1.2.840.10008.1.2.7.*
    return uid.startswith("1.2.840.10008.1.2.7.") or (uid.startswith("1.2.840.10008.1.2.4.10") and len(uid) >= 25)


def _is_storage(uid: str) -> bool:
    if is_known_class(uid):
        return True
    entry = UID_dictionary.get(uid)
    return entry is not None and entry[1] == "SOP Class" and "Storage" in entry[0]
