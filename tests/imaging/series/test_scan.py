"""The header walk: what it reads, what it tolerates, what it refuses."""

from __future__ import annotations

import io
import os
import struct
from pathlib import Path

import pytest
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from imaging.errors import UnreadableFileError
from imaging.scan import MAX_NESTING, Source, scan
from imaging.scan_dataset import read_dataset
from imaging.series import InstanceHeader, UnreadableFile, read_header, read_headers
from tests.imaging.series.phantoms import ct_slice, file_bytes


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian])
def test_the_same_values_in_every_native_encoding(syntax: UID) -> None:
    plain = read_header(file_bytes(ct_slice(3)))
    ds = ct_slice(3)
    ds.file_meta.TransferSyntaxUID = syntax
    if syntax is ExplicitVRBigEndian:
        ds.PixelData = ds.PixelData  # kept as stored; only the header is under test
    other = read_header(file_bytes(ds))
    for name in ("position_lps", "orientation", "rows", "columns", "sop_instance_uid", "pixel_spacing_mm", "modality"):
        assert getattr(other, name) == getattr(plain, name)
    assert other.transfer_syntax_uid == syntax
    assert other.issues == ()


def test_every_kind_of_source_gives_the_same_header(tmp_path: Path) -> None:
    data = file_bytes(ct_slice(1))
    path = tmp_path / "one.dcm"
    path.write_bytes(data)
    sources: list[Source] = [path, str(path), data, io.BytesIO(data), read_dataset(data)]
    headers = read_headers(sources)
    assert [type(h) for h in headers] == [InstanceHeader] * 5
    assert {h.sop_instance_uid for h in headers if isinstance(h, InstanceHeader)} == {ct_slice(1).SOPInstanceUID}
    assert [h.path for h in headers] == [str(path), str(path), None, None, None]


def test_a_header_longer_than_the_first_block_is_read_from_the_file(tmp_path: Path) -> None:
    ds = ct_slice(2)
    ds.add_new(0x00091001, "OB", b"\x01" * 100_000)
    path = tmp_path / "long.dcm"
    path.write_bytes(file_bytes(ds))
    header = read_header(path)
    assert header.position_lps == (-10.0, -20.0, 4.0)
    assert header.pixel_data is not None and header.pixel_data[2] == 16 * 12 * 2


def test_a_file_without_preamble_and_meta_is_read_and_says_so() -> None:
    data = file_bytes(ct_slice(0))
    (meta_length,) = struct.unpack_from("<I", data, 140)
    header = read_header(data[144 + meta_length :])
    assert header.modality == "CT"
    assert ("preamble-missing", "") in header.issues
    assert ("transfer-syntax-missing", "(0002,0010)") in header.issues


def test_an_explicit_data_set_that_claims_to_be_implicit_is_read_as_what_it_is() -> None:
    data = bytearray(file_bytes(ct_slice(0)))
    place = data.find(b"1.2.840.10008.1.2.1\0")
    data[place : place + 20] = b"1.2.840.10008.1.2\0\0\0"
    header = read_header(bytes(data))
    assert header.rows == 16
    assert ("transfer-syntax-contradicts-encoding", "(0002,0010)") in header.issues


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty-file"),
        (b"%PDF-1.7 and more than sixteen bytes", "not-dicom"),
        (b"\0" * 5000, "not-dicom"),
        (b"\0" * 128 + b"DICM", "not-dicom"),
        (file_bytes(ct_slice(0))[:700], "truncated-file"),
    ],
)
def test_what_is_not_a_readable_file_is_refused_with_its_own_code(data: bytes, code: str) -> None:
    with pytest.raises(UnreadableFileError) as refusal:
        read_header(data)
    assert refusal.value.code == code
    assert refusal.value.remedy


def test_a_refusal_names_the_file_and_the_tag(tmp_path: Path) -> None:
    path = tmp_path / "cut.dcm"
    path.write_bytes(file_bytes(ct_slice(0))[:700])
    (entry,) = read_headers([path])
    assert isinstance(entry, UnreadableFile)
    assert entry.path == str(path)
    assert entry.error.path == str(path)
    assert entry.error.tag is not None and entry.error.tag.startswith("(00")


def test_a_missing_file_is_an_entry_and_not_an_exception(tmp_path: Path) -> None:
    (entry,) = read_headers([tmp_path / "absent.dcm"])
    assert isinstance(entry, UnreadableFile)
    assert entry.error.code == "cannot-open"


def test_a_pipe_in_a_delivery_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (entry,) = read_headers([tmp_path / "pipe"])
    assert isinstance(entry, UnreadableFile) and entry.error.code == "cannot-open"
    (entry,) = read_headers([tmp_path])
    assert isinstance(entry, UnreadableFile) and entry.error.code == "cannot-open"


def _tower(depth: int, *, defined: bool) -> bytes:
    """Sequences (0009,1001) nested `depth` deep, with defined or undefined lengths."""
    inner = b""
    for _ in range(depth):
        if defined:
            item = struct.pack("<HHI", 0xFFFE, 0xE000, len(inner)) + inner
            inner = struct.pack("<HH2sHI", 9, 0x1001, b"SQ", 0, len(item)) + item
        else:
            item = struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF) + inner + struct.pack("<HHI", 0xFFFE, 0xE00D, 0)
            inner = (
                struct.pack("<HH2sHI", 9, 0x1001, b"SQ", 0, 0xFFFFFFFF) + item + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
            )
    return inner


@pytest.mark.parametrize("defined", [True, False])
def test_sequences_nested_a_thousand_deep_are_refused(defined: bool) -> None:
    data = file_bytes(ct_slice(0)) + b""
    place = data.find(struct.pack("<HH2s", 0x10, 0x10, b"PN"))
    nested = data[:place] + _tower(1000, defined=defined) + data[place:]
    with pytest.raises(UnreadableFileError) as refusal:
        read_dataset(nested)
    assert refusal.value.code == "nested-too-deep"


@pytest.mark.parametrize("defined", [True, False])
def test_sequences_nested_as_deep_as_real_ones_are_read(defined: bool) -> None:
    data = file_bytes(ct_slice(0))
    place = data.find(struct.pack("<HH2s", 0x10, 0x10, b"PN"))
    nested = data[:place] + _tower(MAX_NESTING // 2, defined=defined) + data[place:]
    assert read_dataset(nested).PatientID == "P1"
    assert scan(nested).elements[0x00091001].vr == b"SQ"


def test_nan_and_text_where_numbers_belong_become_issues_and_not_values() -> None:
    data = file_bytes(ct_slice(0)).replace(b"0.5\\0.5 ", b"nan\\nan ")
    header = read_header(data)
    assert header.pixel_spacing_mm is None
    assert ("not-a-number", "(0028,0030)") in header.issues


def test_a_deflate_bomb_is_bounded() -> None:
    import zlib

    ds = ct_slice(0)
    ds.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    data = file_bytes(ds)
    (meta_length,) = struct.unpack_from("<I", data, 140)
    head = data[: 144 + meta_length]
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = deflater.compress(b"\0" * 50_000_000) + deflater.flush()
    with pytest.raises(UnreadableFileError):
        read_header(head + bomb)


def test_shared_corner_cases_are_read_or_refused_with_a_code(shared_dir: Path) -> None:
    folder = shared_dir / "data" / "12_corner_cases"
    entries = read_headers(sorted(p for p in folder.rglob("*") if p.is_file()))
    refused = {Path(e.path or "").name: e.error.code for e in entries if isinstance(e, UnreadableFile)}
    assert refused == {
        "LICENSE_dicom2nifti": "not-dicom",
        "LICENSE": "not-dicom",
        "README.txt": "not-dicom",
        "SOURCE.md": "not-dicom",
        "no_meta.dcm": "not-dicom",
        "rtplan_truncated.dcm": "truncated-file",
        "zipMR.gz": "not-dicom",
    }
    assert sum(isinstance(e, InstanceHeader) for e in entries) == 76
