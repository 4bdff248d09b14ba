"""A short fuzz run in the suite; the long one is `python -m tests.imaging.fuzz.run_fuzz --cases 20000`."""

from __future__ import annotations

import json
import os
import random
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imaging.errors import ImagingError
from imaging.pixels import decode_frame
from imaging.series import InstanceHeader, read_header, read_headers
from imaging.volume import load_volume
from tests.imaging.fuzz.cases import case, damage, seeds
from tests.imaging.fuzz.target import exercise
from tests.imaging.series.phantoms import ct_slice, file_bytes, pixels

ROOT = Path(__file__).resolve().parents[3]
CASES = int(os.environ.get("FUZZ_CASES", "300"))


def test_a_run_of_the_fuzzer_has_no_failures() -> None:
    """In a process of its own, with cases that the recorded run did not have."""
    command = [
        sys.executable,
        "-m",
        "tests.imaging.fuzz.run_fuzz",
        "--first",
        "1000000",
        "--cases",
        str(CASES),
        "--json",
    ]
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'platform'}"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)
    result = json.loads(done.stdout)
    assert result["failures"] == []
    assert sum(result["outcomes"].values()) == CASES
    assert len(result["outcomes"]) > 5


def test_a_case_is_its_number() -> None:
    assert case(7) == case(7)
    assert case(7) != case(7 + len(seeds()))


def test_every_undamaged_seed_is_read_or_refused() -> None:
    ended = {name: exercise(data) for name, data in seeds()}
    assert ended["ct"] == ended["enhanced"] == ended["htj2k"] == "read"


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rows=st.integers(0, 65535) | st.integers(1, 32),
    columns=st.integers(0, 65535) | st.integers(1, 32),
    frames=st.integers(-3, 10**11) | st.integers(1, 4),
    samples=st.sampled_from([0, 1, 2, 3, 4, 255]),
    allocated=st.sampled_from([0, 1, 8, 12, 16, 32, 64, 65535]),
    stored=st.integers(0, 70),
    signed=st.sampled_from([0, 1, 2]),
)
def test_a_description_fits_its_pixels_or_is_refused(
    rows: int, columns: int, frames: int, samples: int, allocated: int, stored: int, signed: int
) -> None:
    """384 bytes of pixel data: whatever the header says of them, no array claims more, and none is invented."""
    header = read_header(file_bytes(ct_slice(0)))
    header.rows, header.columns, header.number_of_frames = rows, columns, frames
    header.samples_per_pixel, header.bits_allocated, header.bits_stored = samples, allocated, stored
    header.pixel_representation = signed
    try:
        array = decode_frame(header, 0)
    except ImagingError as error:
        assert error.tag and error.remedy
        return
    assert array.shape == ((rows, columns) if samples == 1 else (rows, columns, samples))
    bits = rows * columns * samples * allocated * frames
    assert bits <= 384 * 8 < bits + rows * columns * samples * allocated + 16
    if allocated >= 8 and samples == 1 and (signed != 1 or stored == allocated):
        assert array.tobytes() == pixels(0).tobytes()[: array.nbytes]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=600), st.integers(0, 400), st.booleans())
def test_any_bytes_anywhere_end_in_an_answer_or_a_refusal(noise: bytes, place: int, replace: bool) -> None:
    data = file_bytes(ct_slice(0))
    damaged = data[:place] + noise + data[place + (len(noise) if replace else 0) :]
    for content in (noise, b"\0" * 128 + b"DICM" + noise, damaged):
        exercise(content)


@settings(max_examples=120, deadline=None)
@given(st.lists(st.sampled_from(["nan", "inf", "-1", "0", "1e308", "", "x", "0.5"]), min_size=2, max_size=2))
def test_spacing_that_is_no_length_never_becomes_a_geometry(parts: list[str]) -> None:
    text = "\\".join(parts)
    text += " " * (len(text) % 2)
    files = []
    for index in range(3):
        data = file_bytes(ct_slice(index))
        start = data.find(b"\x28\x00\x30\x00DS")
        (length,) = struct.unpack_from("<H", data, start + 6)
        value = struct.pack("<H", len(text)) + text.encode()
        files.append(data[: start + 6] + value + data[start + 8 + length :])
    try:
        volume = load_volume(files)
    except ImagingError as error:
        assert error.remedy
        return
    spacing = volume.geometry.spacing_mm
    assert [float(p) for p in parts] == [spacing[1], spacing[2]]
    assert np.isfinite(spacing).all() and min(spacing) > 0


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1_300), st.integers(0, 5))
def test_a_file_cut_anywhere_never_gives_a_volume(length: int, which: int) -> None:
    files = [file_bytes(ct_slice(i)) for i in range(6)]
    files[which] = files[which][: min(length, len(files[which]) - 1)]
    entries = read_headers(files)
    assert sum(isinstance(entry, InstanceHeader) for entry in entries) >= 5
    try:
        volume = load_volume(files)
    except ImagingError:
        return
    raise AssertionError(f"a volume of {volume.array.shape} from a cut file")


def test_no_slice_of_a_series_is_lost_when_one_file_is_damaged() -> None:
    """Whatever happens to one of six files, there are six slices or there is a refusal."""
    files = [file_bytes(ct_slice(i)) for i in range(6)]
    loaded = 0
    for number in range(1500):
        chance = random.Random(number)
        damaged = [bytearray(data) for data in files]
        for _ in range(chance.choice((1, 1, 2, 4))):
            damage(damaged[number % 6], chance)
        try:
            volume = load_volume([bytes(data) for data in damaged])
        except ImagingError as error:
            assert error.remedy, number
            continue
        loaded += 1
        assert volume.array.shape[0] == len({i.sop_instance_uid for i in volume.instances}) == 6, number
        assert volume.array.shape == volume.geometry.size == (6, 16, 12), number
    assert loaded > 300
