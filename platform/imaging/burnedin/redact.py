"""Removing text from stored values. Pixels outside the boxes stay bit-identical, and that is checked before returning.

Sources: PS3.3 C.7.6.1.1.2 (Image Type), C.7.6.1.1.5 (lossy history), C.7.6.3.1.2 (Photometric Interpretation), C.9.2
(overlays).
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset
from pydicom.pixels.utils import pixel_array
from pydicom.uid import ExplicitVRLittleEndian, JPEGLSLossless

from imaging.burnedin.boxes import TextBox, Verdict
from imaging.errors import PixelDataError

Frames = NDArray[np.generic]

# After decoding these are RGB: the decoder undoes the colour transform of the codestream.
_DECODED_AS_RGB = frozenset({"YBR_RCT", "YBR_ICT"})


def redact(dataset: FileDataset, boxes: Sequence[TextBox]) -> bytes:
    """The file with the text under the boxes blanked; boxes with the verdict `keep` are left alone.

    A box with `frame` None is blanked on every frame, another on its frame only (index within this object). Overlay
    planes are blanked in the same places; icons are dropped. Compressed pixels come back as JPEG-LS lossless, native
    ones as they were. ImageType becomes DERIVED; the history of lossy compression stays; SmallestImagePixelValue and
    LargestImagePixelValue follow the pixels.

    The dataset that is given is not changed. Raises PixelDataError where the pixels cannot be decoded, or where a
    pixel outside the boxes would change.
    """
    chosen = [box for box in boxes if box.verdict is not Verdict.KEEP]
    target = _copy(dataset)
    original = stored_frames(target)
    compressed = target.file_meta.TransferSyntaxUID.is_compressed
    frames = original.copy()
    for box in chosen:
        _blank(frames, box, target)
    if compressed:
        _set_compressed(target, frames)
    else:
        _set_native(target, frames)
    _blank_overlays(target, chosen)
    _set_attributes(target, frames)
    output = _to_bytes(target)
    _prove(output, original, chosen)
    return output


def stored_frames(dataset: Dataset) -> Frames:
    """Stored values `[frame, row, column]` or `[frame, row, column, sample]`, without any colour conversion.

    Raises PixelDataError where they cannot be decoded.
    """
    try:
        array = pixel_array(dataset, raw=True)
    except Exception as error:  # decoders raise whatever they like
        raise PixelDataError("The pixels cannot be decoded", remedy="Check the transfer syntax.") from error
    frames = int(dataset.get("NumberOfFrames") or 1)
    colour = int(dataset.get("SamplesPerPixel") or 1) > 1
    expected = (frames, int(dataset.Rows), int(dataset.Columns)) + ((3,) if colour else ())
    return np.asarray(array).reshape(expected)


def blank_value(frame: Frames, photometric: str) -> NDArray[np.generic]:
    """What a blanked pixel holds: the frame's darkest value on display; black in colour spaces."""
    if photometric == "MONOCHROME1":
        return np.asarray(frame.max())
    if photometric in {"YBR_FULL", "YBR_FULL_422"}:
        return np.asarray([0, 128, 128], dtype=frame.dtype)
    if photometric == "RGB" or photometric in _DECODED_AS_RGB:
        return np.zeros(3, dtype=frame.dtype)
    return np.asarray(frame.min())


def _blank(frames: Frames, box: TextBox, dataset: Dataset) -> None:
    photometric = str(dataset.PhotometricInterpretation)
    which = range(len(frames)) if box.frame is None else [box.frame]
    for index in which:
        if 0 <= index < len(frames):
            value = blank_value(frames[index], photometric)
            frames[index, box.y : box.y + box.h, box.x : box.x + box.w] = value


def _set_native(dataset: FileDataset, frames: Frames) -> None:
    values = frames
    if values.ndim == 4 and int(dataset.get("PlanarConfiguration") or 0) == 1:
        values = values.transpose(0, 3, 1, 2)
    photometric = str(dataset.PhotometricInterpretation)
    if photometric == "YBR_FULL_422":
        dataset.PhotometricInterpretation = "YBR_FULL"
    little = dataset.file_meta.TransferSyntaxUID.is_little_endian
    if int(dataset.BitsAllocated) == 1:
        packed = np.packbits(frames.reshape(-1).astype(np.uint8), bitorder="little").tobytes()
    else:
        packed = values.astype(values.dtype.newbyteorder("<" if little else ">")).tobytes()
    dataset["PixelData"].value = packed + b"\0" * (len(packed) % 2)


def _set_compressed(dataset: FileDataset, frames: Frames) -> None:
    photometric = str(dataset.PhotometricInterpretation)
    if photometric in _DECODED_AS_RGB:
        dataset.PhotometricInterpretation = "RGB"
    elif photometric == "YBR_FULL_422":
        dataset.PhotometricInterpretation = "YBR_FULL"
    if frames.ndim == 4:
        dataset.PlanarConfiguration = 0
    for tag in (0x7FE00001, 0x7FE00002):
        if tag in dataset:
            del dataset[tag]
    squeezed = frames[0] if len(frames) == 1 else frames
    try:
        dataset.compress(JPEGLSLossless, squeezed, generate_instance_uid=False)
        if np.array_equal(stored_frames(dataset), frames):
            return
    except Exception:  # an encoder that cannot: native is always possible
        pass
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = frames.astype(frames.dtype.newbyteorder("<")).tobytes()
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    dataset["PixelData"].VR = "OB" if int(dataset.BitsAllocated) <= 8 else "OW"
    dataset["PixelData"].is_undefined_length = False


def _blank_overlays(dataset: Dataset, boxes: Sequence[TextBox]) -> None:
    if "IconImageSequence" in dataset:
        del dataset.IconImageSequence
    for group in range(0x6000, 0x6020, 2):
        if (group << 16 | 0x3000) in dataset:
            _blank_overlay(dataset, group, boxes)


def _blank_overlay(dataset: Dataset, group: int, boxes: Sequence[TextBox]) -> None:
    rows, columns = int(dataset[group << 16 | 0x0010].value), int(dataset[group << 16 | 0x0011].value)
    origin = dataset[group << 16 | 0x0050].value if (group << 16 | 0x0050) in dataset else [1, 1]
    element = dataset[group << 16 | 0x3000]
    bits = np.unpackbits(np.frombuffer(element.value, np.uint8), bitorder="little")
    planes = len(bits) // (rows * columns)
    plane = bits[: planes * rows * columns].reshape(planes, rows, columns)
    for box in boxes:
        top, left = box.y - (int(origin[0]) - 1), box.x - (int(origin[1]) - 1)
        plane[:, max(top, 0) : max(top + box.h, 0), max(left, 0) : max(left + box.w, 0)] = 0
    packed = np.packbits(bits, bitorder="little").tobytes()
    element.value = packed + b"\0" * (len(packed) % 2)


def _set_attributes(dataset: FileDataset, frames: Frames) -> None:
    image_type = dataset.get("ImageType")
    values = [image_type] if isinstance(image_type, str) else list(image_type or [])
    if values:
        dataset.ImageType = ["DERIVED", *values[1:]]
    for keyword, value in (("SmallestImagePixelValue", frames.min()), ("LargestImagePixelValue", frames.max())):
        if keyword in dataset:
            signed = int(dataset.get("PixelRepresentation") or 0) == 1
            tag = 0x00280106 if keyword.startswith("Smallest") else 0x00280107
            dataset.add_new(tag, "SS" if signed else "US", int(value))


def _prove(output: bytes, original: Frames, boxes: Sequence[TextBox]) -> None:
    """Decode the result again: inside the boxes anything, outside nothing may have changed."""
    after = stored_frames(pydicom.dcmread(io.BytesIO(output)))
    if after.shape != original.shape or after.dtype.newbyteorder("=") != original.dtype.newbyteorder("="):
        raise PixelDataError("Redaction changed the shape of the pixels", remedy="Report the transfer syntax.")
    outside = np.ones(original.shape[:3], dtype=bool)
    for box in boxes:
        frames = slice(None) if box.frame is None else slice(box.frame, box.frame + 1)
        outside[frames, box.y : box.y + box.h, box.x : box.x + box.w] = False
    if not np.array_equal(after[outside], original[outside]):
        raise PixelDataError("Redaction changed pixels outside the boxes", remedy="Report the transfer syntax.")


def _copy(dataset: FileDataset) -> FileDataset:
    return pydicom.dcmread(io.BytesIO(_to_bytes(dataset)), force=True)


def _to_bytes(dataset: FileDataset) -> bytes:
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, dataset)
    return buffer.getvalue()
