"""Planting canaries: values that occur nowhere else, and the search for them in finished bytes."""

from __future__ import annotations

import csv
import io
import random
import re
import string
from dataclasses import dataclass
from functools import cache
from typing import Any

import pydicom
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian

from imaging.deid.dictionary import DATA, vr_of

LETTERS = "BCDFGHJKLMNPQRSTVWXZ"


@dataclass(frozen=True)
class Canary:
    """A planted value and the byte strings by which it would be recognised."""

    where: str
    needles: tuple[bytes, ...]


class Planter:
    """Makes values by VR that no real object holds; a seed makes another set."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def word(self, length: int = 9) -> str:
        return "".join(self._random.choice(LETTERS) for _ in range(length))

    def digits(self, length: int) -> str:
        return "".join(self._random.choice(string.digits[1:]) for _ in range(length))

    def value(self, vr: str) -> tuple[Any, tuple[bytes, ...]]:
        """A value of this VR with what it would be recognised by."""
        word = self.word()
        if vr == "PN":
            return f"{word}^{self.word(7)}", (word.encode(),)
        if vr == "DA":
            day = f"1945{self._random.randint(1, 12):02d}{self._random.randint(1, 28):02d}"
            return day, (day.encode(),)
        if vr == "DT":
            day = f"1945{self._random.randint(1, 12):02d}{self._random.randint(1, 28):02d}"
            return f"{day}101112.{self.digits(6)}", (day.encode(),)
        if vr == "TM":
            fraction = self.digits(6)
            return f"101112.{fraction}", (f"101112.{fraction}".encode(),)
        if vr == "UI":
            tail = self.digits(14)
            return f"1.2.3.{tail}", (tail.encode(),)
        if vr in {"DS", "IS"}:
            number = self.digits(9)
            return number, (number.encode(),)
        if vr == "AS":
            return "094Y", (b"094Y",)
        if vr in {"OB", "UN", "OW"}:
            text = self.word(12).encode()
            return text, (text,)
        if vr in {"US", "UL", "SS", "SL"}:
            return 31999, ()
        if vr == "UR":
            return f"http://{word.lower()}.example.org", (word.lower().encode(),)
        if vr == "SQ":
            item = Dataset()
            item.add_new(0x00100010, "PN", f"{word}^A")
            comment = self.word()
            item.add_new(0x00104000, "LT", comment)
            return [item], (word.encode(), comment.encode())
        return word, (word.encode(),)


@cache
def _base_bytes() -> bytes:
    return to_bytes(_make_base())


def base_dataset(*, pixels: bool = True) -> pydicom.FileDataset:
    """A small valid CT of a patient who does not exist."""
    dataset = pydicom.dcmread(io.BytesIO(_base_bytes()))
    if not pixels:
        del dataset.PixelData
    return dataset


def _make_base() -> pydicom.FileDataset:
    dataset = pydicom.dcmread(str(get_testdata_file("CT_small.dcm")))
    kept = Dataset()
    for element in dataset:
        if not element.tag.is_private and element.tag.group not in (0x0010, 0x0032, 0x0040):
            kept.add(element)
    file = pydicom.FileDataset("", kept, preamble=b"\0" * 128, file_meta=FileMetaDataset())
    file.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    file.SOPClassUID = CTImageStorage
    file.SOPInstanceUID = UID("1.2.826.0.1.3680043.8.498.1")
    file.SpecificCharacterSet = "ISO_IR 192"
    file.PatientName = "Quillfeather^Osgood"
    file.PatientID = "QF-884213"
    file.PatientBirthDate = "19410207"
    file.PatientSex = "M"
    return file


def to_bytes(dataset: pydicom.FileDataset) -> bytes:
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


def table_rows() -> list[tuple[int, str]]:
    """Tags of Table E.1-1 that name one attribute, with their VR."""
    rows = []
    with (DATA / "table_e1_1.csv").open(encoding="utf-8") as handle:
        for row in csv.DictReader(handle):
            match = re.fullmatch(r"\(([0-9A-F]{4}),([0-9A-F]{4})\)", row["tag"])
            if match:
                tag = int(match[1] + match[2], 16)
                rows.append((tag, (vr_of(tag) or "LO").split(" ")[0]))
    return rows


def nest(dataset: Dataset, element: Any, sequences: tuple[str, str]) -> None:
    """Put an element two sequences deep."""
    inner, outer = Dataset(), Dataset()
    inner.add(element)
    setattr(outer, sequences[1], [inner])
    setattr(dataset, sequences[0], [outer])


def readable(output: bytes, canaries: list[Canary]) -> list[str]:
    """Where planted values can still be read: as they are, in lower case, or in UTF-16."""
    folded = output.lower()
    found = []
    for canary in canaries:
        for needle in canary.needles:
            wide = needle.decode("latin-1").encode("utf-16-le")
            if needle.lower() in folded or wide.lower() in folded:
                found.append(canary.where)
                break
    return found
