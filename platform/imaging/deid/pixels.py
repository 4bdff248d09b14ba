"""What hides in the bytes of pixel data besides pixels: trailing bytes, embedded overlays, comments in codestreams.

None of it changes a stored value. Sources: PS3.5 8.1.2 and A.4, ITU-T T.81 B.1.1 (JPEG markers), T.87 (JPEG-LS),
T.800 A.9.2 (JPEG 2000 comments).
"""

from __future__ import annotations

import numpy as np
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, encapsulate_extended, generate_fragmented_frames
from pydicom.uid import UID

_PIXELS = 0x7FE00010
_JPEG_APPS = frozenset(range(0xE0, 0xF0)) | {0xFE}
_KEPT_APPS = {0xE0: b"JFIF\0", 0xEE: b"Adobe", 0xE8: b"mrfx"}
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_J2K_START = b"\xff\x4f\xff\x51"


def scrub_pixel_bytes(dataset: Dataset, transfer_syntax_uid: str) -> list[str]:
    """Remove what is no pixel from the dataset's PixelData, in place.

    Returns what was removed: `trailing bytes`, `embedded overlay`, `codestream comment`. Raises ValueError where an
    overlay is embedded in compressed pixels.
    """
    if _PIXELS not in dataset:
        return []
    done = []
    embedded = _embedded_overlay_bits(dataset)
    if not UID(transfer_syntax_uid).is_encapsulated:
        if _cut_trailing(dataset):
            done.append("trailing bytes")
        if embedded and _clear_bits(dataset, embedded, UID(transfer_syntax_uid).is_little_endian):
            done.append("embedded overlay")
        return done
    if embedded:
        raise ValueError("embedded overlay in compressed pixels")
    if _strip_comments(dataset):
        done.append("codestream comment")
    return done


def expected_length(dataset: Dataset) -> int | None:
    """Bytes of native PixelData of this description, without padding; None where the description is incomplete."""
    try:
        rows, columns = int(dataset.Rows), int(dataset.Columns)
        samples = int(dataset.get("SamplesPerPixel") or 1)
        frames = int(dataset.get("NumberOfFrames") or 1)
        bits = int(dataset.BitsAllocated)
    except (AttributeError, TypeError, ValueError):
        return None
    if dataset.get("PhotometricInterpretation") == "YBR_FULL_422":
        return rows * columns * frames * 2 * max(bits // 8, 1)
    return (rows * columns * samples * frames * bits + 7) // 8


def _cut_trailing(dataset: Dataset) -> bool:
    raw = dataset.get_item(_PIXELS)
    length = expected_length(dataset)
    if raw is None or not isinstance(raw.value, bytes) or length is None or len(raw.value) <= length:
        return False
    even = length + length % 2
    if not raw.value[length:].strip(b"\0"):
        return False
    dataset[_PIXELS].value = raw.value[:length] + b"\0" * (even - length)
    return True


def _embedded_overlay_bits(dataset: Dataset) -> int:
    """A mask of the pixel bits that retired overlays (without OverlayData) are stored in."""
    mask = 0
    for group in range(0x6000, 0x6020, 2):
        if (group << 16 | 0x0102) in dataset and (group << 16 | 0x3000) not in dataset:
            position = int(dataset[group << 16 | 0x0102].value or 0)
            stored = int(dataset.get("BitsStored") or 0)
            if stored <= position < int(dataset.get("BitsAllocated") or 0):
                mask |= 1 << position
    return mask


def _clear_bits(dataset: Dataset, mask: int, little_endian: bool) -> bool:
    bits = int(dataset.BitsAllocated)
    if bits not in {8, 16, 32}:
        raise ValueError("embedded overlay in pixels of an odd size")
    kind = np.dtype(f"{'<' if little_endian else '>'}u{bits // 8}")
    value = dataset[_PIXELS].value
    words = np.frombuffer(value, kind, len(value) // kind.itemsize)
    cleared = words & kind.type(~mask & ((1 << bits) - 1))
    dataset[_PIXELS].value = cleared.astype(kind).tobytes() + value[words.nbytes :]
    return bool(np.any(cleared != words))


def _strip_comments(dataset: Dataset) -> bool:
    element = dataset[_PIXELS]
    frames = int(dataset.get("NumberOfFrames") or 1)
    extended = 0x7FE00001 in dataset
    offsets = (dataset[0x7FE00001].value, dataset[0x7FE00002].value) if extended else None
    fragments = generate_fragmented_frames(element.value, number_of_frames=frames, extended_offsets=offsets)
    originals = [b"".join(parts) for parts in fragments]
    joined = [_clean_codestream(frame) for frame in originals]
    if joined == originals:
        return False
    if extended:
        data, table, lengths = encapsulate_extended(joined)
        dataset[0x7FE00001].value, dataset[0x7FE00002].value = table, lengths
        element.value = data
    else:
        element.value = encapsulate(joined)
    element.is_undefined_length = True
    return True


def _clean_codestream(data: bytes) -> bytes:
    if data[:2] == b"\xff\xd8":
        return _clean_jpeg(data)
    if data[:4] == _J2K_START:
        return _clean_j2k(data)
    return data


def _clean_jpeg(data: bytes) -> bytes:
    """A JPEG or JPEG-LS codestream without comments and without application segments that decoding does not need."""
    out = bytearray(data[:2])
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker in _STANDALONE:
            out += data[at : at + 2]
            at += 2
            continue
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        segment = data[at : at + 2 + length]
        if marker == 0xDA:
            return bytes(out) + _until_end(data[at:])
        kept = _KEPT_APPS.get(marker)
        if marker not in _JPEG_APPS or (kept is not None and segment[4:].startswith(kept)):
            out += segment
        at += 2 + length
    return bytes(out) + data[at:]


def _until_end(scan: bytes) -> bytes:
    """The entropy-coded data up to the end marker: bytes after it are no picture. Padding zero stays."""
    end = scan.rfind(b"\xff\xd9")
    if end < 0 or not scan[end + 2 :].strip(b"\0"):
        return scan
    return scan[: end + 2]


def _clean_j2k(data: bytes) -> bytes:
    """A JPEG 2000 codestream without the comments of its main header."""
    out = bytearray(data[:2])
    at = 2
    while at + 4 <= len(data):
        marker = data[at : at + 2]
        if marker == b"\xff\x90" or marker[0] != 0xFF:
            break
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if marker != b"\xff\x64":
            out += data[at : at + 2 + length]
        at += 2 + length
    return bytes(out) + _until_end(data[at:])
