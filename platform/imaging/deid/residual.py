"""The gate behind the engine: is any original identifier still to be read in the finished bytes?"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import pydicom
from pydicom.dataset import Dataset

from imaging.deid.dictionary import BINARY_NUMBER_VRS, BYTE_VRS, format_tag, vr_of
from imaging.deid.identifiers import OriginalIdentifiers
from imaging.deid.text import TextCleaner, common_names, english_words, technical_words

_NOT_SEARCHED = frozenset({0x7FE00008, 0x7FE00009})
_PIXELS = 0x7FE00010
_CODE_VRS = frozenset({"CS", "DS", "IS", "UI", "TM", "AS"})


@dataclass(frozen=True)
class Residual:
    """A place in the output where an original identifier can be read. `where` is a path, never a value.

    `kind` is `name`, `id`, `place`, `date`, `uid`, or `bytes` where it lies outside every element's text.
    """

    where: str
    kind: str


def find_residuals(output: bytes, identifiers: OriginalIdentifiers) -> list[Residual]:
    """Every place in a de-identified file where an original identifier is readable.

    Elements are read again at every depth and compared by value, short identifiers as whole values only; then the raw
    bytes outside the pixels are searched for names, ids and UIDs, in UTF-8, Latin-1 and UTF-16. Dates in elements of a
    date VR were shifted or removed by the engine and are not compared, except birth dates.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's warnings quote values
        try:
            dataset = pydicom.dcmread(io.BytesIO(output), force=True)
            searcher = _Searcher(identifiers)
            found = list(searcher.elements(dataset))
            return found or list(searcher.raw(output, dataset))
        except Exception:  # fails closed: what cannot be read again does not pass
            return [Residual("file", "bytes")]


class _Searcher:
    def __init__(self, identifiers: OriginalIdentifiers) -> None:
        self._identifiers = identifiers
        self._cleaner = TextCleaner(identifiers)
        self._short = {i for i in identifiers.ids | identifiers.name_parts if 1 < len(i) <= 3 and not _is_word(i)}
        self._births = _date_forms(identifiers.birth_dates)
        self._needles = _byte_needles(identifiers)

    def elements(self, dataset: Dataset, path: str = "") -> Iterator[Residual]:
        for tag in sorted(dataset.keys()):
            if tag in _NOT_SEARCHED or tag == _PIXELS:
                continue
            raw = dataset.get_item(tag)
            vr = str(raw.VR or vr_of(int(tag)) or "UN") if raw is not None else "UN"
            if vr in BINARY_NUMBER_VRS or vr in BYTE_VRS:
                continue
            element = dataset[tag]
            where = f"{path}{format_tag(int(tag))}"
            if element.VR == "SQ":
                for index, item in enumerate(element.value):
                    yield from self.elements(item, f"{where}[{index}].")
            else:
                kind = self._kind(str(element.value if element.value is not None else ""), element.VR)
                if kind:
                    yield Residual(where, kind)

    def _kind(self, text: str, vr: str) -> str | None:
        if not text:
            return None
        if any(form in text for form in self._births):
            return "date"
        if vr in {"DA", "DT"}:
            return None
        if vr == "UI":
            return "uid" if self._identifiers.uids & set(re.findall(r"[\d.]+", text)) else None
        if vr not in _CODE_VRS and text.strip().casefold() in self._short:
            return "id"
        if vr not in {"TM", "DS", "IS"} and self._cleaner.has_identifier(text):
            return "name"
        return None

    def raw(self, output: bytes, dataset: Dataset) -> Iterator[Residual]:
        """Search what is no element's text: other VRs, padding, file meta, preamble. Pixels are left out."""
        pixels = dataset.get_item(_PIXELS) if _PIXELS in dataset else None
        value = pixels.value if pixels is not None and isinstance(pixels.value, bytes) else b""
        at = output.rfind(value) if len(value) > 64 else -1
        outside = output if at < 0 else output[:at] + b"\n" + output[at + len(value) :]
        folded = outside.lower()
        for needle, kind in self._needles:
            if needle in folded:
                yield Residual(f"byte {folded.index(needle)}", kind)


def _is_word(text: str) -> bool:
    return text in technical_words() or text in english_words()


def _byte_needles(identifiers: OriginalIdentifiers) -> list[tuple[bytes, str]]:
    needles: list[tuple[bytes, str]] = []
    texts = [(n, "name") for n in identifiers.name_parts if len(n) > 4 and (not _is_word(n) or n in common_names())]
    texts += [(i, "id") for i in identifiers.ids if len(i) > 5 and not _is_word(i)]
    texts += [(u, "uid") for u in identifiers.uids if len(u) > 12]
    for text, kind in sorted(texts):
        for encoding in ("utf-8", "latin-1", "utf-16-le"):
            try:
                needles.append((text.encode(encoding).lower(), kind))
            except UnicodeEncodeError:
                continue
    return list(dict.fromkeys(needles))


def _date_forms(days: frozenset[str]) -> list[str]:
    forms: list[str] = []
    for day in sorted(days):
        year, month, date = day[:4], day[4:6], day[6:]
        forms += [day, f"{year}-{month}-{date}", f"{year}.{month}.{date}", f"{year}/{month}/{date}"]
        forms += [f"{date}{s}{month}{s}{year}" for s in "./-"] + [f"{month}{s}{date}{s}{year}" for s in "./-"]
    return forms
