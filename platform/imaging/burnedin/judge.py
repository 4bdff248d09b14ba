"""What becomes of a line: it stays only if every word of it is listed and it was read well."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from imaging.burnedin.boxes import Verdict
from imaging.deid.identifiers import OriginalIdentifiers
from imaging.deid.text import common_names, technical_words

SURE = 0.9
_UNITS = frozenset(
    "mm cm um m ms s sec min hz khz mhz db kv kvp ma mas mgy mgycm msv hu suv ml cc kg bpm fps deg x %".split()
)
_MARKERS = frozenset("r l a p h f s i rai lps rt lt im se ser img sl w c wl ww th k t z g d".split())
_TOKEN = re.compile(r"[^\W\d_]+|\d+(?:[.,]\d+)*|%")
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{2,4}|(?<!\d)(?:19|20)\d{6}(?!\d)")
_TIME = re.compile(r"\d{1,2}:\d{2}(:\d{2})?")
_NAME_LABEL = re.compile(r"\b(name|patient|pat|dob|born|mrn|id|acc|dr|phys|hosp|inst)\b", re.IGNORECASE)


class Judge:
    """Judges lines of one subject's images against the header's identifiers and the technical vocabulary."""

    def __init__(self, identifiers: OriginalIdentifiers) -> None:
        texts = identifiers.name_parts | identifiers.ids | identifiers.places
        self._known = sorted(text for text in texts if len(text) > 2)
        self._dates = {digits for day in identifiers.dates | identifiers.birth_dates for digits in _date_digits(day)}

    def verdict(self, text: str, score: float) -> tuple[Verdict, str]:
        """The verdict for a line and its reason."""
        if self._matches_header(text):
            return Verdict.REDACT, "header-match"
        if is_listed(text):
            return (Verdict.KEEP, "listed") if score >= SURE else (Verdict.REVIEW, "unreadable")
        return Verdict.REDACT, "not-listed"

    def _matches_header(self, text: str) -> bool:
        folded = text.casefold()
        digits = re.sub(r"\D", "", text)
        if any(day in digits for day in self._dates):
            return True
        words = re.findall(r"[\w-]{3,}", folded)
        return any(_close(known, folded, words) for known in self._known)


def is_listed(text: str) -> bool:
    """Whether a line is wholly technical: listed words, units, marks; numbers only beside a unit or such a word."""
    if _DATE.search(text) or _TIME.search(text) or _NAME_LABEL.search(text):
        return False
    tokens = _TOKEN.findall(text.casefold())
    words = [token for token in tokens if not token[0].isdigit()]
    numbers = [token for token in tokens if token[0].isdigit()]
    if not tokens or any(not _is_listed_word(word) for word in words):
        return False
    if any(len(re.sub(r"\D", "", number.split(".")[0])) > 4 for number in numbers):
        return False
    return not numbers or any(len(word) > 1 or word in _UNITS for word in words)


def _is_listed_word(word: str) -> bool:
    if word in _UNITS or word in _MARKERS:
        return True
    return len(word) > 1 and word.isascii() and word in technical_words() and word not in common_names()


def _close(known: str, folded: str, words: list[str]) -> bool:
    if len(known) > 3 and known in folded:
        return True
    return any(word == known or _is_misread(word, known) for word in words)


def _is_misread(word: str, known: str) -> bool:
    """Readers confuse letters: with one error in five it still is that name, unless it is a listed word."""
    if len(known) < 5 or abs(len(word) - len(known)) > 2 or word in technical_words():
        return False
    return SequenceMatcher(None, word, known).ratio() >= 0.8


def _date_digits(day: str) -> list[str]:
    year, month, date = day[:4], day[4:6], day[6:]
    return [day, f"{month}{date}{year}", f"{date}{month}{year}"]
