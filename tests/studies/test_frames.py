"""Frames in every form a viewer asks for."""

from __future__ import annotations

import io

import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGLSLossless

from apps.studies.models import DerivedFrames
from kernel.tenancy.scope import tenant_scope
from tests.intake.files import COLUMNS, ROWS, ct_series, pixels, uid
from tests.studies.admitting import admit

pytestmark = pytest.mark.django_db

HTJ2K = "1.2.840.10008.1.2.4.202"
NATIVE = "1.2.840.10008.1.2.1"


def _path(admitted, index=0, frames="1"):
    study, series = admitted.study.study_instance_uid, admitted.series.series_instance_uid
    sop = admitted.instances[index].sop_instance_uid
    return f"/dicomweb/v1/projects/lung/studies/{study}/series/{series}/instances/{sop}/frames/{frames}"


def _single(syntax: str) -> str:
    return f"application/octet-stream; transfer-syntax={syntax}"


def multiframe(encoded: bool) -> bytes:
    """Three frames in one instance, native or JPEG-LS with one frame in two fragments' worth of table."""
    dataset = pydicom.dcmread(io.BytesIO(ct_series(1)[0]))
    dataset.NumberOfFrames, dataset.SOPInstanceUID = 3, uid()
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    frames = [pixels(n) for n in range(3)]
    if encoded:
        unsigned = [bytes(imagecodecs.jpegls_encode(f.view("<u2") >> 1)) for f in frames]
        dataset.file_meta.TransferSyntaxUID = JPEGLSLossless
        dataset.PixelRepresentation, dataset.BitsStored, dataset.HighBit = 0, 16, 15
        dataset.PixelData = encapsulate(unsigned)
        dataset["PixelData"].is_undefined_length = True
    else:
        dataset.PixelData = b"".join(f.tobytes() for f in frames)
    out = io.BytesIO()
    dataset.save_as(out, enforce_file_format=True)
    return out.getvalue()


def test_a_frame_comes_as_one_body(manager, admitted):
    answer = manager.get(_path(admitted, 2), HTTP_ACCEPT=_single("*"))
    assert answer["Content-Type"] == _single(NATIVE)
    assert answer.content == pixels(2).tobytes()
    assert answer["Cache-Control"] == "private, no-cache"


def test_several_frames_come_as_parts_in_the_order_asked_for(manager, north, project):
    admitted = admit(north, project, [multiframe(encoded=False)])
    answer = manager.get(
        _path(admitted, frames="3,1"),
        HTTP_ACCEPT=f'multipart/related; type="application/octet-stream"; transfer-syntax={NATIVE}',
    )
    body = b"".join(answer.streaming_content)
    boundary = answer["Content-Type"].split("boundary=")[1].encode()
    parts = [part.split(b"\r\n\r\n", 1)[1][:-2] for part in body.split(b"--" + boundary)[1:-1]]
    assert parts == [pixels(2).tobytes(), pixels(0).tobytes()]


def test_a_compressed_frame_comes_as_stored_or_decoded(manager, north, project):
    admitted = admit(north, project, [multiframe(encoded=True)])
    stored = manager.get(_path(admitted, frames="2"), HTTP_ACCEPT=_single("*"))
    assert stored["Content-Type"] == _single(str(JPEGLSLossless))
    expected = pixels(1).view("<u2") >> 1
    assert np.array_equal(imagecodecs.jpegls_decode(stored.content.rstrip(b"\0")), expected)
    native = manager.get(_path(admitted, frames="2"), HTTP_ACCEPT=_single(NATIVE))
    assert native["Content-Type"] == _single(NATIVE)
    assert np.array_equal(np.frombuffer(native.content, "<u2").reshape(ROWS, COLUMNS), expected)


def test_htj2k_is_lossless_and_made_once(north, manager, admitted):
    for _ in range(2):
        answer = manager.get(_path(admitted, 1), HTTP_ACCEPT=_single(HTJ2K))
        assert answer["Content-Type"] == _single(HTJ2K)
        assert np.array_equal(imagecodecs.htj2k_decode(answer.content), pixels(1))
    with tenant_scope(north.id):
        assert DerivedFrames.objects.count() == 1


def test_the_first_acceptable_form_wins(manager, admitted):
    accept = f"{_single('1.2.840.10008.1.2.4.50')};q=1.0, {_single(NATIVE)};q=0.5"
    assert manager.get(_path(admitted), HTTP_ACCEPT=accept)["Content-Type"] == _single(NATIVE)


def test_a_form_nobody_can_make_is_refused(manager, admitted):
    answer = manager.get(_path(admitted), HTTP_ACCEPT=_single("1.2.840.10008.1.2.4.50"))
    assert (answer.status_code, answer.json()["code"]) == (406, "not-acceptable")


@pytest.mark.parametrize("frames", ["0", "2", "1,2", "x", "-1"])
def test_a_frame_that_is_none_is_absent(manager, admitted, frames):
    assert manager.get(_path(admitted, frames=frames), HTTP_ACCEPT=_single("*")).status_code == 404


def test_thumbnails_are_small_pictures(manager, admitted):
    study, series = admitted.study.study_instance_uid, admitted.series.series_instance_uid
    for path in (f"studies/{study}", f"studies/{study}/series/{series}"):
        answer = manager.get(f"/dicomweb/v1/projects/lung/{path}/thumbnail", HTTP_ACCEPT="image/*,*/*;q=0.8")
        assert (answer.status_code, answer["Content-Type"], answer.content[:2]) == (200, "image/jpeg", b"\xff\xd8")
