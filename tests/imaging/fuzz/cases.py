"""Fuzz cases: real and synthetic files, damaged in a way that a number determines.

`case(number)` always gives the same bytes for the same seeds, so a failure is named by its number.
"""

from __future__ import annotations

import os
import random
import struct
from functools import cache
from pathlib import Path

import imagecodecs
import numpy as np
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from imaging.codecs import encode_htj2k
from tests.imaging.series.phantoms import ct_slice, enhanced_mr, file_bytes, pixels, with_frames

MAX_SEED_BYTES = 300_000
_SHARED_FOLDERS = (
    "02_petct_acrin042/PT",
    "06_us_cine_and_colour",
    "07_enhanced_multiframe",
    "08_seg_sr_dcmqi",
    "09_wsi",
    "10_orientation_phantom/dicom",
    "12_corner_cases",
    "13_charsets",
)
_INTERESTING = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
_TAGS = (
    b"\x28\x00\x10\x00",
    b"\x28\x00\x11\x00",
    b"\x28\x00\x02\x00",
    b"\x28\x00\x08\x00",
    b"\x28\x00\x00\x01",
    b"\x28\x00\x01\x01",
    b"\x28\x00\x03\x01",
    b"\x28\x00\x30\x00",
    b"\x20\x00\x32\x00",
    b"\x20\x00\x37\x00",
    b"\x28\x00\x53\x10",
    b"\x00\x52\x30\x92",
    b"\x28\x00\x04\x00",
    b"\x02\x00\x10\x00",
    b"\xe0\x7f\x10\x00",
    b"\xfe\xff\x00\xe0",
    b"\xfe\xff\x0d\xe0",
    b"\xfe\xff\xdd\xe0",
)
_TEXTS = (b"nan", b"inf", b"-1", b"1e308", b"0", b"99999999", b"\\\\\\", b"1A", b" ", b"-0.0", b"\xff\xfe")


@cache
def seeds() -> tuple[tuple[str, bytes], ...]:
    """Name and bytes of every undamaged file: synthetic ones, and shared real ones where they are present."""
    found = list(_synthetic())
    shared = Path(os.environ.get("FIDUCIAL_SHARED") or Path(__file__).resolve().parents[4] / "shared")
    for folder in _SHARED_FOLDERS:
        paths = sorted(p for p in (shared / "data" / folder).rglob("*") if p.is_file())
        step = max(1, len(paths) // 12) if "12_" not in folder else 1
        found += [(p.name, p.read_bytes()) for p in paths[::step] if 132 < p.stat().st_size < MAX_SEED_BYTES]
    return tuple(found)


def _synthetic() -> list[tuple[str, bytes]]:
    made = [("ct", ct_slice(0))]
    for syntax in (ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian):
        ds = ct_slice(1)
        ds.file_meta.TransferSyntaxUID = syntax
        made.append((f"ct-{syntax}", ds))
    made.append(("htj2k", with_frames(ct_slice(2), "1.2.840.10008.1.2.4.202", [encode_htj2k(pixels(2))])))
    small = pixels(3, (24, 20), 200).astype(np.uint8)
    colour = np.stack([small, 255 - small, small // 2], axis=-1)
    for name, encoded, frame in (
        ("jpeg-ls", "1.2.840.10008.1.2.4.80", imagecodecs.jpegls_encode(pixels(3))),
        ("jpeg-lossless", "1.2.840.10008.1.2.4.70", imagecodecs.ljpeg_encode(pixels(3))),
        ("jpeg2000", "1.2.840.10008.1.2.4.90", imagecodecs.jpeg2k_encode(pixels(3), codecformat="j2k", level=0)),
    ):
        made.append((name, with_frames(ct_slice(3), encoded, [bytes(frame)])))
    ds = ct_slice(4, array=small, BitsAllocated=8, BitsStored=8, HighBit=7)
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PlanarConfiguration = 3, "YBR_FULL_422", 0
    made.append(
        ("jpeg", with_frames(ds, "1.2.840.10008.1.2.4.50", [bytes(imagecodecs.jpeg8_encode(colour, level=90))]))
    )
    stack = np.stack([pixels(i) for i in range(4)])
    made.append(("enhanced", enhanced_mr([(0, 0, 2.0 * i) for i in range(4)], stack, slopes=[1, 2, 1, 2])))
    return [(name, file_bytes(ds)) for name, ds in made]


def case(number: int) -> tuple[str, bytes]:
    """The damaged file of one case: the name of its seed, and its bytes."""
    chance = random.Random(number)
    name, data = seeds()[number % len(seeds())]
    damaged = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        damage(damaged, chance)
    return name, bytes(damaged)


def damage(data: bytearray, chance: random.Random) -> None:
    """Do one thing to the data that a bad disk, network or program could do."""
    _DAMAGE[chance.randrange(len(_DAMAGE))](data, chance)


def _place(data: bytearray, chance: random.Random) -> int:
    """Mostly in the header, where structure is."""
    return chance.randrange(max(1, min(len(data), 4000) if chance.random() < 0.7 else len(data)))


def _flip(data: bytearray, chance: random.Random) -> None:
    if data:
        data[_place(data, chance)] ^= 1 << chance.randrange(8)


def _byte(data: bytearray, chance: random.Random) -> None:
    if data:
        data[_place(data, chance)] = chance.randrange(256)


def _cut(data: bytearray, chance: random.Random) -> None:
    del data[_place(data, chance) :]


def _remove(data: bytearray, chance: random.Random) -> None:
    start = _place(data, chance)
    del data[start : start + chance.choice((1, 2, 4, 8, 64, 1000))]


def _insert(data: bytearray, chance: random.Random) -> None:
    start = _place(data, chance)
    data[start:start] = chance.randbytes(chance.choice((1, 2, 4, 8, 64)))


def _repeat(data: bytearray, chance: random.Random) -> None:
    start = _place(data, chance)
    data[start:start] = data[start : start + chance.choice((8, 32, 256))]


def _zero(data: bytearray, chance: random.Random) -> None:
    start = _place(data, chance)
    length = min(chance.choice((2, 8, 64, 512)), len(data) - start)
    data[start : start + length] = b"\0" * length


def _integer(data: bytearray, chance: random.Random) -> None:
    start, size = _place(data, chance), chance.choice("HI")
    width = struct.calcsize(size)
    if start + width <= len(data):
        value = chance.choice(_INTERESTING) & (0xFFFF if size == "H" else 0xFFFFFFFF)
        struct.pack_into(chance.choice("<>") + size, data, start, value)


def _value_of_tag(data: bytearray, chance: random.Random) -> None:
    start = data.find(chance.choice(_TAGS))
    if start != -1 and start + 12 < len(data):
        if chance.random() < 0.5:
            struct.pack_into("<H", data, start + chance.choice((6, 8)), chance.choice(_INTERESTING) & 0xFFFF)
        else:
            text = chance.choice(_TEXTS)
            data[start + 8 : start + 8 + len(text)] = text


def _tag(data: bytearray, chance: random.Random) -> None:
    start = data.find(chance.choice(_TAGS))
    if start != -1:
        data[start : start + 4] = chance.choice(_TAGS)


_DAMAGE = (
    _flip,
    _byte,
    _byte,
    _cut,
    _remove,
    _insert,
    _repeat,
    _zero,
    _integer,
    _integer,
    _value_of_tag,
    _value_of_tag,
    _tag,
)
