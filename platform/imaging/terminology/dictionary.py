"""What DICOM publishes: PS3.16's codes as pydicom carries them, and a few concepts from outside, marked as such."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import cast

from pydicom.sr import _cid_dict, _concepts_dict

from imaging.terminology.concept import CodedConcept
from imaging.terminology.sctid import check_sctid

_Meanings = dict[str, list[int]]
_CONCEPTS = cast("dict[str, dict[str, dict[str, tuple[str, list[int]]]]]", _concepts_dict.concepts)
_CID_NAMES = _cid_dict.name_for_cid

# Context groups whose members are things that one draws: segmentation types first, then anatomy and findings.
_SEGMENTATION_CIDS = frozenset({*range(7150, 7172), *range(7191, 7200), 7140, 9580})
_ANATOMY_WORDS = ("anatom", "artery", "vein", "vertebra", "lymphnode", "tractography", "organpart", "implant", "device")
_FINDING_WORDS = ("finding", "lesion", "morpholog")


@dataclass(frozen=True)
class Entry:
    """A concept with all the names DICOM gives it.

    `rank` 2 for segmentation types, 1 for anatomy and devices, 0 for findings, −1 for what nobody draws (procedures,
    drugs, breeds …). `uses` counts the context groups it is in.
    """

    concept: CodedConcept
    names: tuple[str, ...]
    rank: int
    in_dicom_set: bool
    uses: int = 0


@lru_cache(maxsize=1)
def dicom_entries() -> dict[str, Entry]:
    """SNOMED CT code → entry, for every code of PS3.16; codes that fail their own check digit are left out."""
    names: dict[str, _Meanings] = {}
    for by_code in _CONCEPTS["SCT"].values():
        for code, (meaning, cids) in by_code.items():
            names.setdefault(code, {})[meaning] = list(cids)
    return {code: _entry(code, meanings) for code, meanings in names.items() if check_sctid(code).valid}


@lru_cache(maxsize=1)
def outside_entries() -> dict[str, Entry]:
    """Concepts that PS3.16 does not publish, from `data/outside_dicom.txt`."""
    lines = files(__package__).joinpath("data/outside_dicom.txt").read_text("utf-8").splitlines()
    pairs = (line.split(" ", 1) for line in lines if line and not line.startswith("#"))
    return {
        code: Entry(CodedConcept(code, "SCT", meaning), (meaning,), 1, False)
        for code, meaning in pairs
        if code not in dicom_entries()
    }


def in_dicom_set(value: str, scheme_designator: str = "SCT") -> bool:
    """Whether PS3.16 publishes the code, so that DICOM objects may carry it without a SNOMED licence."""
    if scheme_designator == "SCT":
        return value in dicom_entries()
    return any(value in by_code for by_code in _CONCEPTS.get(scheme_designator, {}).values())


def find_concept(value: str, scheme_designator: str = "SCT") -> CodedConcept | None:
    """The concept with its DICOM meaning; None where the code is not known here."""
    if scheme_designator == "SCT":
        entry = dicom_entries().get(value) or outside_entries().get(value)
        return entry.concept if entry else None
    for by_code in _CONCEPTS.get(scheme_designator, {}).values():
        if value in by_code:
            return CodedConcept(value, scheme_designator, by_code[value][0])
    return None


def _entry(code: str, meanings: _Meanings) -> Entry:
    cids = {cid for members in meanings.values() for cid in members}
    preferred = max(meanings, key=lambda meaning: _fitness(meaning, meanings[meaning]))
    return Entry(CodedConcept(code, "SCT", preferred), tuple(sorted(meanings)), _rank(cids, meanings), True, len(cids))


def _fitness(meaning: str, cids: list[int]) -> tuple[bool, int, int]:
    """The DICOM name: that of segmentation types, then of most context groups; SNOMED's full names are in none."""
    return (bool(_SEGMENTATION_CIDS & set(cids)), len(cids), -len(meaning))


def _rank(cids: set[int], meanings: _Meanings) -> int:
    if cids & _SEGMENTATION_CIDS:
        return 2
    groups = [_CID_NAMES.get(cid, "").lower() for cid in cids]
    kinds = ("(body structure)", "(morphologic abnormality)", "(physical object)")
    if any(word in group for group in groups for word in _ANATOMY_WORDS):
        return 1
    drawable = any(meaning.endswith(kinds) for meaning in meanings)
    return 0 if drawable or any(word in group for group in groups for word in _FINDING_WORDS) else -1
