"""Third step, without the database: a file's bytes in, a de-identified instance out, or the reason why none."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from apps.intake.domain import reasons
from apps.intake.domain.reasons import Reason
from apps.intake.services.completing import with_uids
from apps.studies.domain.description import InstanceDescription, describe
from imaging.burnedin.series import CheckedInstance
from imaging.burnedin.series import check_series as check_pixels
from imaging.deid.classes import reason as engine_reason
from imaging.deid.deidentify import deidentify
from imaging.deid.identifiers import OriginalIdentifiers, collect_identifiers
from imaging.deid.keys import SubjectKeys
from imaging.deid.policy import Policy
from imaging.deid.residual import find_residuals
from imaging.deid.result import PixelCheck, TagChange, VaultRecord
from imaging.errors import ImagingError
from imaging.scan_dataset import read_dataset

_IDENTIFIERS_FROM = 8
"""Headers read for the identifiers of a series; each file's own are always added."""


@dataclass(frozen=True)
class Clean:
    """A file that passed every gate. `content` is None where nothing of it had to change."""

    description: InstanceDescription
    content: bytes | None
    manifest: list[TagChange]
    vault: list[VaultRecord]


@dataclass(frozen=True)
class Stopped:
    """A file that did not pass: why, and at which place of it."""

    reason: Reason
    where: str = ""


def series_identifiers(contents: Sequence[bytes]) -> OriginalIdentifiers:
    """Identifiers of the subject as the first files of a series give them."""
    found = OriginalIdentifiers()
    for content in contents[:_IDENTIFIERS_FROM]:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # pydicom's warnings quote values
                found = found.merged(collect_identifiers(read_dataset(content, pixels=False)))
        except ImagingError:
            continue  # the file is withheld when its turn comes
    return found


def completed(contents: Sequence[bytes], released_for: frozenset[str]) -> Sequence[bytes]:
    """The files, with UIDs given to those a person let pass without; one that cannot be completed stays as it is."""
    if reasons.MISSING_UIDS.code not in released_for:
        return contents
    found = []
    for content in contents:
        try:
            found.append(with_uids(content))
        except (ImagingError, ValueError, TypeError, AttributeError, KeyError):
            found.append(content)  # without UIDs it is withheld when its turn comes
    return found


def pixels_checked(
    contents: Sequence[bytes], known: OriginalIdentifiers, released_for: frozenset[str]
) -> list[CheckedInstance]:
    """Look for text and faces in the pixels of one series, in order; what a person released is not looked at again."""
    if released_for & {reasons.BURNED_IN.code, reasons.PIXELS_FAILED.code}:
        return [CheckedInstance(content, True, "") for content in contents]
    return check_pixels(contents, known, faces_covered=reasons.FACE.code in released_for)


def instance_cleaned(
    checked: CheckedInstance, original: bytes, policy: Policy, keys: SubjectKeys, known: OriginalIdentifiers
) -> Clean | Stopped:
    """De-identify one instance and search the result for what must not be in it. Nothing passes by an exception."""
    if checked.refusal:
        return Stopped(_words(checked.refusal))
    result = deidentify(checked.data, policy, keys, identifiers=known, pixels=PixelCheck(text_free=checked.text_free))
    if result.withheld is not None:
        held = result.withheld
        return Stopped(Reason(held.code, held.reason, held.remedy))
    try:
        own = known.merged(collect_identifiers(read_dataset(original, pixels=False)))
        description = describe(result.file_bytes)
    except (ImagingError, ValueError, TypeError, LookupError):
        return Stopped(reasons.NOT_DESCRIBED)
    residuals = find_residuals(result.file_bytes, own)
    if residuals:
        return Stopped(reasons.RESIDUAL, ", ".join(f"{r.where} {r.kind}" for r in residuals[:4]))
    unchanged = not result.manifest and checked.data == original
    return Clean(
        description if not unchanged else describe(original),
        None if unchanged else result.file_bytes,
        result.manifest,
        result.vault_records,
    )


def _words(code: str) -> Reason:
    if code in reasons.ALL:
        return reasons.ALL[code]
    try:
        words = engine_reason(code)
    except KeyError:
        return Reason(code, reasons.BURNED_IN.title, reasons.BURNED_IN.remedy)
    return Reason(words.code, words.reason, words.remedy)
