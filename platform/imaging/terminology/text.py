"""Free text → words: separators, capitals, accents, British and Latin spelling."""

from __future__ import annotations

import re
import unicodedata

_SEPARATED = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})")
_WORD = re.compile(r"[a-z]+|[0-9]+")
_LEVEL = re.compile(r"^(?:(th|hwk|bwk|lwk|swk|[ctlsd]))0?([0-9]{1,2})$")
_LEVEL_NAMES = {"th": "t", "d": "t", "hwk": "c", "bwk": "t", "lwk": "l", "swk": "s"}
_LEVEL_COUNT = {"c": 7, "t": 13, "l": 6, "s": 5}
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split(),
    "erste zweite dritte vierte funfte sechste siebte achte neunte zehnte elfte zwolfte".split(),
    "premiere deuxieme troisieme quatrieme cinquieme sixieme septieme huitieme neuvieme dixieme".split(),
    "primera segunda tercera cuarta quinta sexta septima octava novena decima".split(),
)
_NUMBERS = {word: str(number) for words in _ORDINALS for number, word in enumerate(words, start=1)}
_NUMBERS |= {f"{n}{ending}": str(n) for n in range(1, 14) for ending in ("st", "nd", "rd", "th")}
_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7", "viii": "8"}
_ELISION = re.compile(r"\b[dlDL]['’](?=\w)")


def fold(text: str) -> str:
    """Lower case without accents; ß → ss, æ and œ → their letters."""
    spelled = text.replace("ß", "ss").replace("æ", "ae").replace("œ", "oe").replace("Æ", "AE").replace("Œ", "OE")
    decomposed = unicodedata.normalize("NFKD", spelled)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).lower()


def words(text: str) -> list[str]:
    """The words of a label in order: split at separators, at camelCase and between letters and numbers.

    Vertebral levels stay whole and are spelled one way (T01, Th1, BWK1 → t1), ordinals become numbers (4th, fourth,
    04 → 4), the Roman numbers of liver segments too.
    """
    spaced = _SEPARATED.sub(" ", _ELISION.sub("", unicodedata.normalize("NFC", text)))
    found: list[str] = []
    for chunk in _joined_levels(re.split(r"[^0-9a-z]+", fold(spaced))):
        found += _chunk_words(chunk) if chunk else []
    return [_segment_number(found, k) for k in range(len(found))]


def _joined_levels(chunks: list[str]) -> list[str]:
    """ "lwk", "3" → "lwk3": levels are often written apart."""
    joined: list[str] = []
    for chunk in chunks:
        if chunk.isdigit() and joined and joined[-1] in ("hwk", "bwk", "lwk", "swk", "th"):
            joined[-1] += chunk
        else:
            joined.append(chunk)
    return joined


def _chunk_words(chunk: str) -> list[str]:
    level = _LEVEL.match(chunk)
    if level:
        letter = _LEVEL_NAMES.get(level[1], level[1])
        if 1 <= int(level[2]) <= _LEVEL_COUNT[letter]:
            return [f"{letter}{int(level[2])}"]
    if chunk in _NUMBERS:
        return [_NUMBERS[chunk]]
    parts = _WORD.findall(chunk)
    return [str(int(part)) if part.isdigit() else _NUMBERS.get(part, part) for part in parts]


def _segment_number(found: list[str], k: int) -> str:
    near_segment = k > 0 and found[k - 1] in ("segment", "seg", "segmento") or "couinaud" in found
    return _ROMAN.get(found[k], found[k]) if near_segment else found[k]


def modern_spelling(word: str) -> str:
    """British and Latin diphthongs to American spelling: oesophagus → esophagus, haemorrhage → hemorrhage."""
    return re.sub(r"(?<!^)ae(?=[a-z])|^ae(?=[a-z]{3})", "e", re.sub(r"oe(?=[a-z]{2})", "e", word))


def singulars(word: str) -> list[str]:
    """What an English or Latin plural may be the plural of, likeliest first; empty where it is none."""
    rules = (("ies", "y"), ("ices", "ex"), ("ae", "a"), ("sses", "ss"), ("xes", "x"), ("s", ""), ("i", "us"))
    return [word[: -len(end)] + new for end, new in rules if word.endswith(end) and len(word) - len(end) >= 3]
