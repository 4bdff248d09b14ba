"""Free text → coded concepts, ranked, each with the reason.

How: words are folded, translated into one English vocabulary and stripped of their side; what is left is compared with
every name that DICOM gives a structure, finding or device. Misspelt and shortened words are matched by likeness.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from imaging.errors import InputError
from imaging.terminology.concept import BILATERAL, LEFT, RIGHT, CodedConcept, checked_concept
from imaging.terminology.dictionary import find_concept, in_dicom_set
from imaging.terminology.index import Match, name_tokens, shared_index
from imaging.terminology.laterality import PAIRED, split_side
from imaging.terminology.lexicon import LANGUAGES, translated, whole_label
from imaging.terminology.sctid import check_sctid
from imaging.terminology.text import fold, words

_FINDINGS = frozenset(
    "neoplasm nodule cyst lesion mass hemorrhage edema necrosis thrombus embolus effusion calcification metastasis "
    "infiltrate abscess inflammation scar aneurysm fracture".split()
)
# The left and the right of these are two different structures, each with a code of its own, not sides of a pair.
_OWN_SIDES = frozenset("ventricle atrium coronary auricle bronchus portal flexure".split())
_LEADING = {"a": "artery", "v": "vein", "n": "nerve", "m": "muscle"}
_TRAILING = {"i": "lower", "s": "upper", "m": "middle", "a": "anterior", "p": "posterior"}
_LEAST_SCORE = 0.3
_MOST_CHARACTERS = 200


@dataclass(frozen=True)
class Suggestion:
    """One concept for a label.

    `type` never carries the side: that is `laterality` (a modifier, None where none is named). `region` is where a
    finding lies. `score` 0 to 1 orders; `in_dicom_set` False means that using the code needs a SNOMED licence.
    """

    type: CodedConcept
    laterality: CodedConcept | None
    score: float
    in_dicom_set: bool
    reason: str
    region: CodedConcept | None = None

    def as_json(self) -> dict[str, Any]:
        """Plain values; null = none."""
        return {
            "type": self.type.as_json(),
            "laterality": None if self.laterality is None else self.laterality.as_json(),
            "region": None if self.region is None else self.region.as_json(),
            "score": round(self.score, 4),
            "in_dicom_set": self.in_dicom_set,
            "reason": self.reason,
        }


def suggest(text: str, language: str = "en", *, limit: int = 5) -> list[Suggestion]:
    """Concepts for a label, best first; empty where nothing fits.

    `language` is "en", "de", "fr" or "es"; words of the others are understood where the asked one does not know them.
    A SNOMED CT identifier is answered by its concept.
    Raises `InputError` for another language, for texts that are no label (empty, over 200 characters), and for an
    identifier whose check digit does not fit, naming the near miss.
    """
    if language not in LANGUAGES:
        raise InputError("Unknown language", remedy=f"Choose one of {', '.join(LANGUAGES)}.", code="language-unknown")
    stripped = text.strip()
    if not stripped or len(stripped) > _MOST_CHARACTERS:
        raise InputError("The text is no label", remedy="Give 1 to 200 characters.", code="text-invalid")
    if re.fullmatch(r"[0-9]{6,18}", stripped):
        return _by_code(stripped)
    found = _by_words(stripped, language, limit)
    if "/" in stripped:
        # Two structures in one label (prostate/uterus): either, the first named first.
        for place, part in enumerate(filter(None, map(str.strip, stripped.split("/")))):
            found += tuple(replace(s, score=s.score * (0.9 - 0.01 * place)) for s in _by_words(part, language, limit))
    return _ranked(list(found))[:limit]


def _by_code(value: str) -> list[Suggestion]:
    concept = find_concept(value) if check_sctid(value).valid else checked_concept(value, "SCT", "refused")
    if concept is None:
        return []
    return [Suggestion(concept, None, 1.0, in_dicom_set(concept.value), "SNOMED CT identifier")]


@lru_cache(maxsize=4096)
def _by_words(text: str, language: str, limit: int) -> tuple[Suggestion, ...]:
    raw = words(text)
    short = whole_label(raw)
    rest, side = (raw, None) if short else split_side(raw, language)
    rest = _expanded(rest, "_" in text)
    found = short or whole_label(rest) or translated(rest, language)
    if not found:
        return ()
    tokens = [word.text for word in found]
    if side is None:
        tokens, side = split_side(tokens, language)
    again = whole_label(tokens)
    tokens = [word.text for word in again] if again else tokens
    findings = [token for token in tokens if token in _FINDINGS]
    several = side is None and not findings and any(word.plural for word in found)
    matches = shared_index().search(tokens, language, limit + 5)
    suggestions = [_plain(match, BILATERAL if several and _is_paired(match) else side) for match in matches]
    own = _sided(tokens, side, language, matches[0].entry.rank if matches else 0)
    if own and own[0].score > 0.95:
        suggestions = [replace(suggestion, score=suggestion.score * 0.97) for suggestion in suggestions]
    suggestions += own
    if len(tokens) == 1 and tokens[0].isalpha() and 2 <= len(tokens[0]) <= 5:
        suggestions += [_plain(match, side) for match in shared_index().by_initials(tokens[0], limit)]
    if findings and len(findings) < len(tokens):
        suggestions += _finding(tokens, findings, side, language, limit)
    return tuple(_ranked(suggestions)[:limit])


def _expanded(rest: list[str], structured: bool) -> list[str]:
    """Radiotherapy's short forms: A_ and V_ in front, _I, _S … behind (AAPM TG-263)."""
    spelled = list(rest)
    if structured and len(spelled) > 1:
        spelled[0] = _LEADING.get(spelled[0], spelled[0])
        spelled[-1] = _TRAILING.get(spelled[-1], spelled[-1])
    return spelled


def _is_paired(match: Match) -> bool:
    """Whether the plural of the structure (Lungs, Nieren, femoral heads) means both of them."""
    return bool(name_tokens(match.name) & PAIRED)


def _plain(match: Match, side: CodedConcept | None) -> Suggestion:
    concept = match.entry.concept
    exact = "the same words as" if match.score >= 0.98 else "close to"
    reason = f'{exact} "{match.name}"' + ("" if side is None else f"; side {side.meaning.lower()}")
    if not match.entry.in_dicom_set:
        reason += "; outside the DICOM set, needs a SNOMED licence"
    own = fold(concept.meaning).split()
    kept = None if side in (LEFT, RIGHT) and (set(own) & {"left", "right"}) else side
    return Suggestion(concept, kept, match.score, match.entry.in_dicom_set, reason)


def _sided(tokens: list[str], side: CodedConcept | None, language: str, base_rank: int) -> list[Suggestion]:
    """Concepts whose own name holds the side: first where left and right are two structures or no base is in use."""
    if side not in (LEFT, RIGHT) or side is None:
        return []
    word = side.meaning.lower()
    own = base_rank <= 0 or bool(_OWN_SIDES & set(tokens))
    found = []
    for match in shared_index().search([*tokens, word], language, 5):
        names = fold(match.entry.concept.meaning).split()
        if word in names and match.score >= 0.9:
            reason = f'the same words as "{match.name}", whose side is part of the concept'
            found.append(
                Suggestion(
                    match.entry.concept,
                    None,
                    match.score if own else match.score * 0.9,
                    match.entry.in_dicom_set,
                    reason,
                )
            )
    return found


def _finding(
    tokens: list[str], findings: list[str], side: CodedConcept | None, language: str, limit: int
) -> list[Suggestion]:
    """A finding somewhere: the type is the finding, the place is its region."""
    place = [token for token in tokens if token not in _FINDINGS]
    places = shared_index().search(place, language, 1)
    region = places[0].entry.concept if places and places[0].score >= 0.6 else None
    found = []
    for match in shared_index().search(findings, language, limit):
        suggestion = _plain(match, side)
        where = f'; in "{region.meaning}"' if region else ""
        found.append(replace(suggestion, region=region, score=match.score * 0.97, reason=suggestion.reason + where))
    return found


def _ranked(suggestions: list[Suggestion]) -> list[Suggestion]:
    best: dict[tuple[str, CodedConcept | None], Suggestion] = {}
    for suggestion in suggestions:
        key = (suggestion.type.value, suggestion.laterality)
        if suggestion.score >= _LEAST_SCORE and (key not in best or suggestion.score > best[key].score):
            best[key] = suggestion
    return sorted(best.values(), key=lambda s: (-s.score, s.laterality is None, len(s.type.meaning), s.type.value))
