"""Words of four languages → one English vocabulary, in which labels and DICOM's names meet.

The tables under `data/` hold general anatomical knowledge (roots, adjectives, plurals, short forms), no list of labels.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from imaging.terminology.text import modern_spelling, singulars

LANGUAGES = ("en", "de", "fr", "es")

STOP_WORDS = frozenset(
    "of the and or structure structures part parts organ entire whole proper a an in on at for device object "
    "combined site de la le les du des el los las del der die das dem den und et y entier entiere entero entera "
    "roi contour label seg segmentation mask auto final new old".split()
)
_LONGEST_PHRASE = 6
_LINKS = ("", "s", "n", "en", "es")


@dataclass(frozen=True)
class Word:
    """One word of the common vocabulary; `plural` where the text used a plural form."""

    text: str
    plural: bool = False


@lru_cache(maxsize=1)
def _variants() -> dict[str, dict[str, Word]]:
    """Language → folded form → word."""
    tables: dict[str, dict[str, Word]] = {}
    for language in LANGUAGES:
        table = tables.setdefault(language, {})
        for line in _lines(f"words_{language}.txt"):
            canonical, forms = line.split(":", 1)
            table.setdefault(modern_spelling(canonical), Word(canonical))
            for form in forms.split():
                if "_" not in form:
                    word = form.rstrip("+")
                    plural = form.endswith("+") or (language == "en" and canonical in singulars(word))
                    table.setdefault(modern_spelling(word), Word(canonical, plural))
    return tables


@lru_cache(maxsize=1)
def _phrases() -> tuple[dict[tuple[str, ...], tuple[str, ...]], dict[tuple[str, ...], tuple[str, ...]]]:
    """(anywhere, only as the whole label): folded words → canonical words."""
    anywhere: dict[tuple[str, ...], tuple[str, ...]] = {}
    whole: dict[tuple[str, ...], tuple[str, ...]] = {}
    for line in _lines("phrases.txt"):
        exact = " == " in line
        left, right = line.split(" == " if exact else " = ")
        (whole if exact else anywhere)[tuple(left.split())] = tuple(_english(word) for word in right.split())
    for language in LANGUAGES:
        for line in _lines(f"words_{language}.txt"):
            canonical, forms = line.split(":", 1)
            anywhere |= {tuple(f.rstrip("+").split("_")): (canonical,) for f in forms.split() if "_" in f}
    return anywhere, whole


def _english(word: str) -> str:
    known = _variants()["en"].get(word)
    return known.text if known else word


def _lines(name: str) -> list[str]:
    text = files(__package__).joinpath(f"data/{name}").read_text("utf-8")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def translated(raw: list[str], language: str) -> list[Word]:
    """Folded words of a label → words of the common vocabulary; unknown words stay as they are, stop words go."""
    parts = _written_apart([modern_spelling(part) for word in raw for part in _compound(word, language)])
    known = {part: _known(part, language) for part in parts}
    grouped = _grouped(parts, {part for part, word in known.items() if word and word.plural})
    found = [word if isinstance(word, Word) else _known(word, language) or Word(word) for word in grouped]
    again = _grouped([word.text for word in found], {word.text for word in found if word.plural})
    plurals = {word.text for word in found if word.plural}
    result = [word if isinstance(word, Word) else Word(word, word in plurals) for word in again]
    return [word for word in result if word.text not in STOP_WORDS]


def whole_label(raw: list[str]) -> list[Word] | None:
    """What a label means that is nothing but a short form (LA, ON, body), else None."""
    found = _phrases()[1].get(tuple(raw))
    return None if found is None else [Word(text) for text in found]


def known_forms(language: str) -> dict[str, str]:
    """Every form → canonical word, the asked language and English before the others."""
    forms: dict[str, str] = {}
    for name in dict.fromkeys((language, "en", *LANGUAGES)):
        for form, word in _variants()[name].items():
            forms.setdefault(form, word.text)
    return forms


def _known(form: str, language: str) -> Word | None:
    tables = _variants()
    for name in dict.fromkeys((language, "en")):
        word = tables[name].get(form) or _plural_of(tables[name], form)
        if word:
            return word
    if form in english_words():
        return Word(form)
    return next((tables[name][form] for name in LANGUAGES if form in tables[name]), None)


def _plural_of(table: dict[str, Word], form: str) -> Word | None:
    for singular in singulars(form):
        if singular in table:
            return Word(table[singular].text, True)
    return None


@lru_cache(maxsize=1)
def english_words() -> frozenset[str]:
    """Words of DICOM's own names that need no translation, whatever the other languages do with them."""
    return frozenset(word for name in ("en",) for word in _variants()[name])


def _compound(word: str, language: str) -> list[str]:
    """A German compound as its parts (nierenbecken → nieren, becken); any other word as it is."""
    if language not in ("de", "en") or len(word) < 7 or _known(modern_spelling(word), language):
        return [word]
    if (word,) in _phrases()[0]:
        return [word]
    return _split(word, 0) or [word]


def _split(word: str, depth: int) -> list[str] | None:
    german, english = _variants()["de"], _variants()["en"]
    for length in range(len(word), 2, -1):
        head, rest = word[:length], word[length:]
        if head not in german and (length < 4 or head not in english):
            continue
        if not rest:
            return [head]
        for link in _LINKS:
            tail = _split(rest[len(link) :], depth + 1) if rest.startswith(link) and depth < 3 else None
            if tail:
                return [head, *tail]
    return None


def _written_apart(words: list[str]) -> list[str]:
    """Neighbours that are one English word are joined: gall bladder, brain stem, eye ball."""
    english = _variants()["en"]
    joined: list[str] = []
    for word in words:
        if joined and len(joined[-1]) > 2 and len(word) > 2 and joined[-1] + word in english:
            joined[-1] += word
        else:
            joined.append(word)
    return joined


def _grouped(words: list[str], plurals: set[str]) -> list[str | Word]:
    """Word groups replaced by what they mean, the longest first; the rest unchanged."""
    anywhere = _phrases()[0]
    found: list[str | Word] = []
    k = 0
    while k < len(words):
        for length in range(min(_LONGEST_PHRASE, len(words) - k), 0, -1):
            here = tuple(words[k : k + length])
            group = anywhere.get(here) or (anywhere.get(here[::-1]) if length == 2 else None)
            if group is None:
                continue
            several = words[k + length - 1] in plurals
            found += [Word(text, several) for text in group]
            k += length
            break
        else:
            found.append(words[k])
            k += 1
    return found
