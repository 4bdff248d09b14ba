"""DICOM's names as sets of words, weighted by how much a word tells, and the search over them."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache

from imaging.terminology.dictionary import Entry, dicom_entries, outside_entries
from imaging.terminology.distance import is_skeleton, similarity
from imaging.terminology.lexicon import STOP_WORDS, known_forms, translated
from imaging.terminology.text import words

_SUFFIX = re.compile(r"\s*\([^)]*\)\s*$")
_PREFIX_LIKENESS, _SKELETON_LIKENESS, _LEAST_LIKENESS = 0.85, 0.7, 0.7
# Among names that fit alike: segmentation types, then anatomy, findings, and what DICOM does not publish.
_PREFERENCE = {2: 1.0, 1: 0.985, 0: 0.95}
_OUTSIDE = 0.97
_INITIALS = 0.7
# A code that DICOM lists without SNOMED's full name is often an older double of one that has it.
_NO_FULL_NAME = 0.99
_KINDS = frozenset("lymph skin artery vein nerve area prosthesis implant".split())
_UNASKED = 0.85

Likeness = dict[str, float]


@dataclass(frozen=True)
class Match:
    """An entry, the name that fits, and how well, 0 to 1."""

    entry: Entry
    name: str
    score: float


@dataclass(frozen=True)
class _Name:
    entry: Entry
    text: str
    tokens: frozenset[str]
    initials: str


class Index:
    """All names of all entries that can be drawn."""

    def __init__(self, entries: list[Entry]) -> None:
        self.names = [
            _Name(entry, text, tokens, _initials(text))
            for entry in entries
            for text in entry.names
            if (tokens := name_tokens(text))
        ]
        self._holding: dict[str, list[int]] = defaultdict(list)
        for number, name in enumerate(self.names):
            for token in name.tokens:
                self._holding[token].append(number)
        self._weight = {token: math.log(1 + len(self.names) / len(held)) for token, held in self._holding.items()}
        self._forms: dict[str, list[tuple[str, frozenset[str], str]]] = {}
        self._unknown = math.log(1 + len(self.names))

    def by_initials(self, letters: str, limit: int = 10) -> list[Match]:
        """Entries of which a name has these initials (ivc, svs): the most used first, none of them certain."""
        wanted = {letters, letters.removesuffix("s")}
        best: dict[str, Match] = {}
        for name in self.names:
            entry = name.entry
            if name.initials in wanted and entry.rank > 0 and entry.concept.value not in best:
                score = _INITIALS * self._preference(entry) * (1 - 1 / (2 + entry.uses))
                best[entry.concept.value] = Match(entry, name.text, score)
        return sorted(best.values(), key=lambda m: (-m.score, len(m.name), m.entry.concept.value))[:limit]

    def likenesses(self, token: str, language: str) -> Likeness:
        """Words of the index that a word of the label may stand for, with how alike they are."""
        if token in self._holding:
            return {token: 1.0}
        found: Likeness = {}
        if len(token) >= 3 and token.isalpha():
            for form, letters, canonical in self._vocabulary(language):
                likeness = _likeness(token, form, letters)
                if likeness > found.get(canonical, 0.0):
                    found[canonical] = likeness
        best = max(found.values(), default=0.0)
        return {word: likeness for word, likeness in found.items() if likeness >= best - 0.1}

    def _vocabulary(self, language: str) -> list[tuple[str, frozenset[str], str]]:
        """(form, its letters, word of the index) of all forms that lead to a word of the index."""
        if language not in self._forms:
            forms = {**known_forms(language), **{token: token for token in self._holding}}
            self._forms[language] = [
                (form, frozenset(form), canonical) for form, canonical in forms.items() if canonical in self._holding
            ]
        return self._forms[language]

    def search(self, tokens: list[str], language: str, limit: int = 10) -> list[Match]:
        """The best entries for the words of a label, each once, best first; ties by DICOM code, so never by chance."""
        likenesses = {token: self.likenesses(token, language) for token in dict.fromkeys(tokens)}
        numbers = {number for found in likenesses.values() for word in found for number in self._holding[word]}
        best: dict[str, Match] = {}
        for number in numbers:
            match = self._score(self.names[number], likenesses)
            code = match.entry.concept.value
            if code not in best or match.score > best[code].score:
                best[code] = match
        order = sorted(best.values(), key=lambda m: (-m.score, -m.entry.uses, len(m.name), m.entry.concept.value))
        return order[:limit]

    def _score(self, name: _Name, likenesses: dict[str, Likeness]) -> Match:
        hit: Likeness = {}
        asked = covered = 0.0
        for found in likenesses.values():
            weight = max((self._weight[word] for word in found), default=self._unknown)
            asked += weight
            best = max(((likeness, word) for word, likeness in found.items() if word in name.tokens), default=None)
            if best:
                covered += weight * best[0]
                hit[best[1]] = max(hit.get(best[1], 0.0), best[0])
        total = sum(self._weight[word] for word in name.tokens)
        named = sum(self._weight[word] * likeness for word, likeness in hit.items())
        recall, precision = covered / asked, named / total
        score = 2 * recall * precision / (recall + precision) if recall + precision else 0.0
        # A lymph node, the skin or a vessel of a structure is seldom what a label without that word means.
        score *= _UNASKED if (name.tokens - hit.keys()) & _KINDS else 1.0
        return Match(name.entry, name.text, score * self._preference(name.entry))

    @staticmethod
    def _preference(entry: Entry) -> float:
        if not entry.in_dicom_set:
            return _OUTSIDE
        full = any(name.endswith(")") for name in entry.names)
        return _PREFERENCE[entry.rank] * (1.0 if full else _NO_FULL_NAME)


@lru_cache(maxsize=1)
def shared_index() -> Index:
    """The index over PS3.16 and the concepts outside it; built once, about half a second."""
    entries = [entry for entry in dicom_entries().values() if entry.rank >= 0]
    return Index(entries + list(outside_entries().values()))


def name_tokens(text: str) -> frozenset[str]:
    """The words of a DICOM name in the common vocabulary, without SNOMED's kind in brackets."""
    return frozenset(word.text for word in translated(words(_SUFFIX.sub("", text)), "en"))


def _initials(text: str) -> str:
    named = [word for word in words(_SUFFIX.sub("", text)) if word not in STOP_WORDS]
    return "".join(word[0] for word in named) if len(named) > 1 else ""


def _likeness(token: str, form: str, letters: frozenset[str]) -> float:
    if form.startswith(token) and len(token) >= 3:
        return _PREFIX_LIKENESS
    longest = max(len(token), len(form))
    # Every letter that only one of the two has costs an edit: most forms need no closer look.
    edits = len(letters.symmetric_difference(token)) / 2
    if abs(len(token) - len(form)) <= 2 and len(token) >= 4 and 1 - edits / longest >= _LEAST_LIKENESS:
        likeness = similarity(token, form)
        if likeness >= _LEAST_LIKENESS:
            return likeness
    return _SKELETON_LIKENESS if len(token) >= 4 and is_skeleton(token, form) else 0.0
