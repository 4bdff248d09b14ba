"""Stored samples in every encoding, and what is refused before a decoder sees it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.pixels.utils import pixel_array
from pydicom.uid import UID, ExplicitVRBigEndian

from imaging.codecs import decode_codestream, encode_htj2k, inspect
from imaging.errors import ImagingError, PixelDataError, UnsupportedError
from imaging.pixels import FrameReader, decode_frame, frame_to_rgb_or_mono
from imaging.pixels_palette import segmented_palette
from imaging.series import read_header
from tests.imaging.series.phantoms import ct_slice, file_bytes, pixels, with_frames

JPEG_LS, JPEG_LS_NEAR = "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81"
J2K, J2K_LOSSY = "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91"
HTJ2K, HTJ2K_RPCL, HTJ2K_LOSSY = "1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.202", "1.2.840.10008.1.2.4.203"
JPEG_LOSSLESS, JPEG_BASELINE, RLE = "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.5"
DEFLATED_FRAME = "1.2.840.10008.1.2.8.1"


def _rle(array: np.ndarray) -> bytes:
    from pydicom.pixels.encoders.native import _encode_frame  # the reference encoder, used as an independent peer

    class _Runner:
        rows, columns = array.shape[:2]
        samples_per_pixel = 1 if array.ndim == 2 else 3
        bits_allocated = array.dtype.itemsize * 8
        byteorder = "<"

        def get_option(self, name: str, default: Any = None) -> Any:
            return {"byteorder": "<"}.get(name, default)

    return bytes(_encode_frame(array.tobytes(), _Runner()))  # type: ignore[arg-type]  # stands in for its runner


ENCODERS: dict[str, Callable[[np.ndarray], bytes | bytearray]] = {
    JPEG_LS: lambda a: imagecodecs.jpegls_encode(a),
    J2K: lambda a: imagecodecs.jpeg2k_encode(a, codecformat="j2k", reversible=True, level=0),
    HTJ2K: encode_htj2k,
    HTJ2K_RPCL: encode_htj2k,
    JPEG_LOSSLESS: lambda a: imagecodecs.ljpeg_encode(a),
    RLE: _rle,
}


@pytest.mark.parametrize("syntax", ENCODERS)
@pytest.mark.parametrize("bits", [8, 16])
def test_lossless_syntaxes_give_the_samples_back(syntax: str, bits: int) -> None:
    array: np.ndarray = pixels(7, (40, 56), 200 if bits == 8 else 60_000)
    if bits == 8:
        array = array.astype(np.uint8)
    ds = ct_slice(0, array=array, BitsAllocated=bits, BitsStored=bits, HighBit=bits - 1)
    with_frames(ds, syntax, [bytes(ENCODERS[syntax](array))])
    decoded = decode_frame(read_header(file_bytes(ds)), 0)
    assert decoded.dtype == array.dtype
    assert np.array_equal(decoded, array)


@pytest.mark.parametrize("syntax", [JPEG_LS, HTJ2K, RLE])
def test_signed_samples_survive_codecs_that_know_no_sign(syntax: str) -> None:
    array = (pixels(3, (32, 32), 3000).astype(np.int32) - 1500).astype(np.int16)
    ds = ct_slice(0, array=array.view(np.uint16), PixelRepresentation=1)
    with_frames(ds, syntax, [bytes(ENCODERS[syntax](array.view(np.uint16)))])
    assert np.array_equal(decode_frame(read_header(file_bytes(ds)), 0), array)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    rows=st.integers(5, 60),
    columns=st.integers(5, 60),
    kind=st.sampled_from([np.uint8, np.uint16, np.int16]),
)
def test_htj2k_is_lossless(seed: int, rows: int, columns: int, kind: type) -> None:
    info = np.iinfo(kind)
    samples = np.random.default_rng(seed).integers(info.min, info.max, (rows, columns), endpoint=True)
    array: np.ndarray = samples.astype(kind)
    stream = encode_htj2k(array)
    decoded, _ = decode_codestream(stream, rows=rows, columns=columns, samples=1, photometric="MONOCHROME2")
    assert np.array_equal(decoded.astype(kind), array)


def test_htj2k_refuses_what_it_cannot_hold() -> None:
    with pytest.raises(UnsupportedError):
        encode_htj2k(np.zeros((8, 8), np.float32))


def test_deflated_frames() -> None:
    import zlib

    deflater = zlib.compressobj(6, zlib.DEFLATED, -15)
    data = deflater.compress(pixels(4).tobytes()) + deflater.flush()
    ds = with_frames(ct_slice(0), JPEG_LS, [data + b"\0" * (len(data) % 2)])
    # pydicom 3.0 does not know this transfer syntax and would not write it.
    file = file_bytes(ds).replace(JPEG_LS.encode(), DEFLATED_FRAME.encode() + b"\0")
    assert np.array_equal(decode_frame(read_header(file), 0), pixels(4))


def test_big_endian_words() -> None:
    ds = ct_slice(0)
    ds.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    ds.PixelData = pixels(5).byteswap().tobytes()
    assert np.array_equal(decode_frame(read_header(file_bytes(ds)), 0), pixels(5))


def _colour(array: np.ndarray, photometric: str, planar: int = 0) -> Dataset:
    ds = ct_slice(0, array=array[..., 0].astype(np.uint16), Modality="US", SamplesPerPixel=3)
    ds.PhotometricInterpretation, ds.PlanarConfiguration = photometric, planar
    ds.BitsAllocated = ds.BitsStored = 8
    ds.HighBit = 7
    ds.PixelData = array.tobytes()
    ds["PixelData"].VR = "OB"
    return ds


def test_colour_by_plane_comes_out_by_pixel() -> None:
    rgb = np.random.default_rng(1).integers(0, 255, (16, 12, 3)).astype(np.uint8)
    ds = _colour(rgb, "RGB", planar=1)
    ds.PixelData = np.ascontiguousarray(rgb.transpose(2, 0, 1)).tobytes()
    assert np.array_equal(decode_frame(read_header(file_bytes(ds)), 0), rgb)


def test_native_ybr_comes_out_as_rgb() -> None:
    # Pure red, green, blue and white in full range YCbCr (ITU-R BT.601), one pixel each.
    ybr = np.zeros((2, 2, 3), np.uint8)
    ybr[0, 0], ybr[0, 1], ybr[1, 0], ybr[1, 1] = (76, 85, 255), (150, 44, 21), (29, 255, 107), (255, 128, 128)
    rgb = decode_frame(read_header(file_bytes(_colour(ybr, "YBR_FULL"))), 0).astype(int)
    expected = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 255]]])
    assert np.abs(rgb - expected).max() <= 2


def test_native_422_shares_chroma_between_two_pixels() -> None:
    ds = _colour(np.zeros((2, 4, 3), np.uint8), "YBR_FULL_422")
    ds.PixelData = bytes([10, 20, 128, 128, 30, 40, 128, 128, 50, 60, 128, 128, 70, 80, 128, 128])
    decoded = decode_frame(read_header(file_bytes(ds)), 0)
    assert decoded[..., 0].tolist() == [[10, 20, 30, 40], [50, 60, 70, 80]]
    assert np.array_equal(decoded[..., 0], decoded[..., 2])


def test_palette_colour_is_looked_up() -> None:
    index = np.arange(16 * 12, dtype=np.uint8).reshape(16, 12) % 4
    ds = ct_slice(0, array=index.astype(np.uint16), PhotometricInterpretation="PALETTE COLOR")
    ds.BitsAllocated = ds.BitsStored = 8
    ds.HighBit, ds.PixelData = 7, index.tobytes()
    for k, name in enumerate(("Red", "Green", "Blue")):
        setattr(ds, f"{name}PaletteColorLookupTableDescriptor", [4, 0, 16])
        table = np.array([0, 1, 2, 3], np.uint16) * (k + 1) * 0x1000
        setattr(ds, f"{name}PaletteColorLookupTableData", table.tobytes())
    rgb = frame_to_rgb_or_mono(ds, 0)
    assert rgb.shape == (16, 12, 3)
    assert rgb[0, :4].tolist() == [[0, 0, 0], [16, 32, 48], [32, 64, 96], [48, 96, 144]]


def testsegmented_palettes_are_expanded() -> None:
    words = np.array([0, 2, 5, 6, 1, 4, 10], np.uint16)  # discrete 5, 6; then 4 steps from 6 to 10
    assert segmented_palette(words.tobytes(), 16, 6).tolist() == [5, 6, 7, 8, 9, 10]
    again = np.concatenate([words, np.array([2, 2, 0, 0], np.uint16)])  # both segments once more, from byte 0
    assert segmented_palette(again.tobytes(), 16, 12).tolist() == [5, 6, 7, 8, 9, 10] * 2
    loop = np.array([0, 1, 5, 2, 1, 6, 0], np.uint16)  # an indirect segment that names itself
    with pytest.raises(PixelDataError):
        segmented_palette(loop.tobytes(), 16, 8)


def test_one_bit_frames_that_end_inside_a_byte() -> None:
    bits = np.random.default_rng(2).integers(0, 2, (3, 5, 7)).astype(np.uint8)
    ds = ct_slice(0, array=bits[0].astype(np.uint16), NumberOfFrames=3)
    ds.BitsAllocated = ds.BitsStored = 1
    ds.HighBit = 0
    packed = np.packbits(bits.reshape(-1), bitorder="little").tobytes()
    ds.PixelData = packed + b"\0" * (len(packed) % 2)
    header = read_header(file_bytes(ds))
    assert np.array_equal(np.stack([decode_frame(header, i) for i in range(3)]), bits)


def test_frames_in_several_fragments_are_put_together_by_the_offset_table() -> None:
    arrays = [pixels(i, (64, 64)) for i in range(3)]
    streams = [encode_htj2k(a) for a in arrays]
    from pydicom.encaps import encapsulate

    ds = ct_slice(0, array=arrays[0], NumberOfFrames=3)
    ds.file_meta.TransferSyntaxUID = UID(HTJ2K)
    for table in (True, False):
        ds.PixelData = encapsulate(streams, fragments_per_frame=2, has_bot=table)
        ds["PixelData"].VR = "OB"
        ds["PixelData"].is_undefined_length = True
        header = read_header(file_bytes(ds))
        with FrameReader(header) as reader:
            assert all(np.array_equal(reader.frame(i), arrays[i]) for i in range(3))


def test_a_codestream_of_another_size_is_refused_before_it_is_decoded() -> None:
    ds = with_frames(ct_slice(0), HTJ2K, [encode_htj2k(pixels(0, (64, 64)))])
    with pytest.raises(PixelDataError) as refusal:
        decode_frame(read_header(file_bytes(ds)), 0)
    assert refusal.value.code == "frame-size-mismatch"


def test_video_is_refused_by_name() -> None:
    ds = with_frames(ct_slice(0), "1.2.840.10008.1.2.4.102", [b"\0" * 64])
    with pytest.raises(UnsupportedError) as refusal:
        decode_frame(read_header(file_bytes(ds)), 0)
    assert refusal.value.code == "video-stream"


@pytest.mark.parametrize(
    ("change", "tag"),
    [
        ({"BitsAllocated": 12}, "(0028,0100)"),
        ({"BitsStored": 17}, "(0028,0101)"),
        ({"SamplesPerPixel": 5}, "(0028,0002)"),
        ({"Rows": 0}, "(0028,0010)"),
        ({"NumberOfFrames": 0}, "(0028,0008)"),
    ],
)
def test_a_description_that_cannot_be_is_refused_with_its_tag(change: dict[str, int], tag: str) -> None:
    header = read_header(file_bytes(ct_slice(0, **change)))
    with pytest.raises(PixelDataError) as refusal:
        decode_frame(header, 0)
    assert refusal.value.tag == tag


def test_a_frame_that_does_not_exist_is_refused() -> None:
    with pytest.raises(PixelDataError) as refusal:
        decode_frame(read_header(file_bytes(ct_slice(0))), 1)
    assert refusal.value.code == "no-such-frame"


def test_inspect_reads_the_size_of_a_codestream() -> None:
    stream = inspect(encode_htj2k(pixels(0, (33, 21))))
    assert stream is not None
    assert (stream.kind, stream.rows, stream.columns, stream.samples, stream.precision) == ("jpeg2000", 33, 21, 1, 16)


# Files whose stated pixels no decoder can give; each with the refusal it must meet.
UNDECODABLE = {
    "JPEG2000-embedded-sequence-delimiter.dcm": "frame-size-mismatch",
    "MR_truncated.dcm": "pixel-data-short",
    "badVR.dcm": "bad-frame-count",
}
# No plugin of the peer decodes these: 12-bit JPEG Extended, and deflated frames (compared below).
DECODED_BY_US_ONLY = {"JPGExtended.dcm", "liver_deflate.dcm"}


def test_every_shared_image_decodes_as_pydicom_decodes_it(shared_dir: Path) -> None:
    """pydicom with gdcm, pylibjpeg and pyjpegls is the independent peer; equal to the last bit where lossless."""
    folders = ["05_cr_burned_in", "06_us_cine_and_colour", "07_enhanced_multiframe", "12_corner_cases", "09_wsi"]
    paths = [p for f in folders for p in sorted((shared_dir / "data" / f).rglob("*")) if p.is_file()]
    compared, refused = 0, {}
    for path in paths:
        try:
            header = read_header(path)
        except ImagingError:
            continue
        if not header.is_image:
            continue
        try:
            ours = decode_frame(header, 0)
        except PixelDataError as error:
            refused[path.name] = error.code
            continue
        if path.name in DECODED_BY_US_ONLY:
            continue
        ds = pydicom.dcmread(path, force=True)
        if "TransferSyntaxUID" not in ds.file_meta:
            continue
        theirs = pixel_array(ds, index=0)
        lossy = header.transfer_syntax_uid in (JPEG_BASELINE, HTJ2K_LOSSY)
        tolerance = 3 if lossy else 0
        assert ours.shape == theirs.shape, path.name
        assert np.abs(ours.astype(np.float64) - theirs).max() <= tolerance, path.name
        compared += 1
    assert refused == UNDECODABLE
    assert compared >= 70


def test_deflated_frames_equal_the_same_object_stored_plainly(shared_dir: Path) -> None:
    deflated = read_header(shared_dir / "data/12_corner_cases/pydicom-data/liver_deflate.dcm")
    plain = read_header(shared_dir / "data/08_seg_sr_dcmqi/liver.dcm")
    for index in range(3):
        assert np.array_equal(decode_frame(deflated, index), decode_frame(plain, index))
    assert decode_frame(plain, 1).any()
