"""Free text: what may stay is listed, everything else goes.

Two vocabularies decide (`data/SOURCE.md`): the technical one (DICOM's own words, tokens that many subjects share in
real descriptors, protocol words) and an English and medical one. The most frequent person names are in neither.
Nothing is guessed about names: a word that is not listed is removed, whatever it is.
"""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass
from functools import cache

from imaging.deid.dictionary import DATA
from imaging.deid.identifiers import OriginalIdentifiers

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]*"
_DATE = re.compile(
    r"(?<![\d.])(?:(?:19|20)\d{2}([-/.:_ ]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])"
    r"|\d{1,2}([-/.])\d{1,2}\2(?:19|20)?\d{2}"
    r"|\d{1,2}(?:st|nd|rd|th)?[-. ]*" + _MONTH + r"[-., ]*(?:(?:19|20)?\d{2})?"
    r"|" + _MONTH + r"[-. ]*\d{1,2}(?:st|nd|rd|th)?[-., ]+(?:19|20)?\d{2}"
    r"|" + _MONTH + r"[-., ]*(?:19|20)\d{2})(?!\d)",
    re.IGNORECASE,
)
_CONTACT = re.compile(
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|(?:https?|ftp)://\S+|www\.\S+|\\\\\w+\\\S+"
    r"|(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?!\.?\d)"
    r"|(?<!\d)\d{3}-\d{2}-\d{4}(?!\d)"
    r"|(?<![\d.])(?:\+\d{1,3}[ .-]?|1[ .-])?\(?\d{3}\)?[ .-]\d{3,4}[ .-]\d{3,4}(?!\d)"
    r"|(?<![\d.])\(?\d{3}\)?[ -]\d{4}(?![\d.])"
    r"|\+\d[\d ()-]{7,}\d",
    re.IGNORECASE,
)
_CARET_NAME = re.compile(r"[^\W\d_]+(?:[ '-][^\W\d_]+)*\^[^\W\d_^]+(?:\^[^\W\d_]*)*")
_LABELLED = re.compile(
    r"\b(?:mrn|ssn|dob|d\.o\.b|acc(?:ession)?|pat(?:ient)?[ _-]?(?:id|no|nr)|id|case|visit|hosp(?:ital)?[ _-]?(?:id|no)"
    r"|chart|tel|phone|fax|pager|room|bed|zip)\b[ _#.:=-]*(?:no\b\.?|number\b|nr\b\.?)?[ _#.:=-]*"
    r"(?=[\w-]*\d)[A-Za-z]{0,4}-?\d[\w-]*",
    re.IGNORECASE,
)
_TITLED = re.compile(
    r"\b(?:dr|mr|mrs|ms|miss|prof|professor|doctor|md|patient|pt|name|physician|surgeon|radiologist|technologist|tech|nurse|"
    r"attending|operator|referred by|read by|ordered by|performed by|signed by|requested by|dictated by|by|per)\b"
    r"[.: _]*(?P<who>[^\W\d_][^\W\d_'-]+(?:[ ,.]+[^\W\d_][^\W\d_'-]*){0,2})",
    re.IGNORECASE,
)
_AGE = re.compile(r"(?<!\d)(\d{2,3})(?=[ -]?(?:y\b|yo\b|y/o|yrs?\b|years?\b))", re.IGNORECASE)
_LONG_NUMBER = re.compile(
    r"(?<![\w.])[A-Za-z]{0,4}\d{7,}(?![\d.])|(?<![\d.])\d{7,}(?![\d.])|(?<!\d)\d{2,}(?:-\d{2,}){2,}(?!\d)"
)
_TOKEN = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?|\d+(?:\.\d+)*|[\s_]+|.", re.DOTALL)
_WORDS = re.compile(r"[^\W\d_]+")
_COMPOUNDS = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)+")
_DAYS = re.compile(r"(?<!\d)\d{8}(?!\d)")
_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_YEAR = re.compile(r"(?:19|20)\d{2}$")
_SPACES = re.compile(r"[ \t]{2,}")
_EMPTY_BRACKETS = re.compile(r"\([\s,;:/-]*\)|\[[\s,;:/-]*\]")


@cache
def technical_words() -> frozenset[str]:
    """Words of DICOM, of protocols and of shared real descriptors, case-folded."""
    return _words("vocabulary_technical.txt.gz")


@cache
def english_words() -> frozenset[str]:
    """English and medical words that are no usual names, case-folded."""
    return _words("vocabulary_english.txt.gz")


@cache
def common_names() -> frozenset[str]:
    """The most frequent given names and surnames, case-folded."""
    return frozenset((DATA / "common_names.txt").read_text("utf-8").split())


def _words(name: str) -> frozenset[str]:
    return frozenset(gzip.decompress((DATA / name).read_bytes()).decode().split())


@dataclass
class _Piece:
    text: str
    kind: str  # "word", "number", "space", "mark"
    gone: bool = False
    weak: bool = False  # allowed only because it is an English word


class TextCleaner:
    """Cleans and scans the texts of one subject's objects."""

    def __init__(self, identifiers: OriginalIdentifiers) -> None:
        technical = technical_words()
        self._names = frozenset(
            p for p in identifiers.name_parts if (len(p) > 2 or not p.isascii()) and p not in technical
        )
        # Ideographic names are written without spaces between them and other words.
        self._unspaced = [p for p in sorted(identifiers.name_parts) if any(ord(c) > 0x2E80 for c in p)]
        self._phrases = [p for p in identifiers.names | identifiers.places if len(p) > 3]
        # Names such as User2 are no words: they are looked for as they are written.
        self._phrases += [p for p in identifiers.name_parts if len(p) > 3 and not p.isalpha() and not p.isdigit()]
        self._ids = frozenset(i for i in identifiers.ids if len(i) > 3 and i not in technical)
        self._dates = identifiers.dates | identifiers.birth_dates
        self._uids = identifiers.uids
        parts = [re.escape(p).replace(r"\ ", r"[\s^=,.;_-]+") for p in [*self._phrases, *self._ids]]
        parts += [re.escape(u) for u in self._uids]
        ordered = sorted(parts, key=lambda part: (-len(part), part))
        self._known = re.compile(r"(?<!\w)(?:" + "|".join(ordered) + r")(?!\w)", re.IGNORECASE) if ordered else None
        self._cleaned: dict[str, str] = {}

    def has_identifier(self, text: str) -> bool:
        """Whether the text holds one of the subject's own identifiers."""
        if self._known is not None and self._known.search(text):
            return True
        folded = text.casefold()
        if not self._names.isdisjoint(_WORDS.findall(folded)):
            return True
        if ("'" in text or "\u2019" in text) and not self._names.isdisjoint(_COMPOUNDS.findall(folded)):
            return True
        if any(name in folded for name in self._unspaced):
            return True
        return not self._dates.isdisjoint(_DAYS.findall(folded))

    def is_suspect(self, text: str, *, technical: bool) -> bool:
        """Whether a short text that nobody asked to clean looks as if it identified somebody.

        `technical` texts (versions, models, sequence names) are only compared with the subject's identifiers and with
        what is never technical: contacts and caret names.
        """
        if self.has_identifier(text) or _CARET_NAME.search(text):
            return True
        if technical:
            return bool(re.search(r"@\w|\d{3}-\d{2}-\d{4}|\(\d{3}\)", text))
        if any(p.search(text) for p in (_DATE, _CONTACT, _LABELLED, _LONG_NUMBER)) or self._old_age(text):
            return True
        if any(not self._known_words(match["who"]) for match in _TITLED.finditer(text)):
            return True
        return any(word in common_names() for word in re.findall(r"[^\W\d_]{3,}", text.casefold()))

    def has_unlisted_word(self, text: str) -> bool:
        """Whether a word of at least four letters is in neither vocabulary."""
        words = re.findall(r"[^\W\d_]{4,}", text.casefold())
        return any(word not in technical_words() and word not in english_words() for word in words)

    def clean(self, text: str) -> str:
        """The text with everything removed that is not listed. A text of listed words only comes back unchanged."""
        cached = self._cleaned.get(text)
        if cached is None:
            cached = self._cleaned[text] = self._clean(text)
        return cached

    def _clean(self, text: str) -> str:
        marked = text
        if self._known is not None:
            marked = self._known.sub("\x00", marked)
        for pattern in (_CONTACT, _CARET_NAME, _LABELLED, _DATE, _LONG_NUMBER):
            marked = pattern.sub("\x00", marked)
        marked = _AGE.sub(lambda match: "90" if int(match[1]) > 89 else match[0], marked)
        pieces = [_Piece(t, _kind(t)) for t in _TOKEN.findall(marked)]
        self._judge(pieces)
        _judge_glued(pieces)
        _judge_titles(pieces)
        _judge_neighbours(pieces)
        if marked == text and not any(piece.gone for piece in pieces):
            return text
        kept = "".join("" if piece.gone else piece.text for piece in pieces)
        return _tidy(kept)

    def _judge(self, pieces: list[_Piece]) -> None:
        for index, piece in enumerate(pieces):
            if piece.text == "\x00":
                piece.gone = True
            elif piece.kind == "word":
                piece.gone, piece.weak = self._judge_word(piece.text, _glued_digits(pieces, index))
            elif piece.kind == "number":
                piece.gone = _judge_number(pieces, index)

    def _judge_word(self, word: str, glued: bool) -> tuple[bool, bool]:
        folded = word.casefold().replace("\u2019", "'")
        base = folded.removesuffix("'s")
        if folded in self._names or base in self._names:
            return True, False
        if len(folded) == 1:
            return False, True
        if folded in technical_words() or base in technical_words():
            return False, False
        if folded in english_words() or base in english_words():
            return False, True
        parts = _CAMEL.findall(word)
        if len(parts) > 1 and all(len(p) > 2 and p.casefold() in technical_words() for p in parts):
            return False, False
        # Short codes glued to digits are protocol shorthand: B30f, W320.
        return not (glued and len(folded) <= 2 and folded.isascii()), True

    def _known_words(self, text: str) -> bool:
        words = re.findall(r"[^\W\d_]+", text.casefold())
        return all(len(w) == 1 or w in technical_words() or w in english_words() for w in words)

    def _old_age(self, text: str) -> bool:
        return any(int(match[1]) > 89 for match in _AGE.finditer(text))


def _kind(token: str) -> str:
    if token[0].isalpha():
        return "word"
    if token[0].isdigit():
        return "number"
    return "space" if token.isspace() or token.strip("_ ") == "" else "mark"


def _glued_digits(pieces: list[_Piece], index: int) -> bool:
    before = index > 0 and pieces[index - 1].kind == "number"
    return before or (index + 1 < len(pieces) and pieces[index + 1].kind == "number")


def _judge_glued(pieces: list[_Piece]) -> None:
    """The letters in front of a number that goes belong to it: A1234567 is one record number."""
    for before, after in zip(pieces, pieces[1:], strict=False):
        if after.gone and after.kind == "number" and before.kind == "word" and len(before.text) <= 3:
            before.gone = before.gone or before.weak


def _judge_number(pieces: list[_Piece], index: int) -> bool:
    text = pieces[index].text
    digits = len(re.sub(r"\D", "", text.split(".")[0]))
    if _YEAR.match(text):
        return True
    before = pieces[index - 1] if index else None
    glued = before is not None and before.kind == "word"
    # A short letter code with four digits reads like a record number, B1000 like a protocol.
    limit = 4 if not glued or (before is not None and before.text.casefold() in {"b", "t", "te", "ti", "tr"}) else 3
    return digits > limit


_TITLES = frozenset("dr mr mrs ms miss prof professor doctor patient name physician surgeon attending nurse".split())
_SURE_TITLES = frozenset({"Dr", "Mr", "Mrs", "Ms", "Prof", "Professor", "Doctor", "MRS"})


def _judge_titles(pieces: list[_Piece]) -> None:
    """After a title up to two words go unless they are technical: `Dr Rose` is a person, `patient position` is not.

    After a title that is nothing else the next word goes whatever it is; `DR` in capitals is a modality.
    """
    left, sure = 0, False
    for index, piece in enumerate(pieces):
        if piece.kind != "word":
            continue
        if piece.text.casefold() in _TITLES:
            dotted = index + 1 < len(pieces) and pieces[index + 1].text == "."
            left, sure = 2, piece.text in _SURE_TITLES or (dotted and piece.text.casefold() != "patient")
        elif left:
            named = len(piece.text) > 1 and piece.text[0].isupper()
            piece.gone = piece.gone or (named and (piece.weak or sure))
            left, sure = left - 1, False


def _judge_neighbours(pieces: list[_Piece]) -> None:
    """A capitalised English word or an initial beside a removed word is taken for the rest of a name."""
    words = [
        piece
        for index, piece in enumerate(pieces)
        if piece.kind in {"word", "mark"} and piece.text.strip(",.'-") and not _is_glued_letter(pieces, index)
    ]
    for _ in range(2):
        for before, after in zip(words, words[1:], strict=False):
            for one, other in ((before, after), (after, before)):
                if one.gone and one.kind == "word" and other.weak and other.text[0].isupper():
                    other.gone = True


def _is_glued_letter(pieces: list[_Piece], index: int) -> bool:
    """The letters of codes such as B30f are no initials."""
    return len(pieces[index].text) <= 2 and pieces[index].kind == "word" and _glued_digits(pieces, index)


def _tidy(text: str) -> str:
    text = _EMPTY_BRACKETS.sub(" ", text)
    text = _SPACES.sub(" ", text)
    text = re.sub(r"[ ]+([,.;:])", r"\1", text)
    return text.strip(" \t,;:-_^=/&+*'\".")
