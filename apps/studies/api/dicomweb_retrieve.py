"""WADO-RS: whole instances, frames, bulk data, pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.http import HttpResponse, StreamingHttpResponse
from rest_framework.request import Request

from apps.studies import selectors
from apps.studies.api.dicomweb_base import DicomwebView, multipart, single
from apps.studies.api.dicomweb_store import StoreView
from apps.studies.constants import EXPLICIT_LE
from apps.studies.domain.accept import MediaRange
from apps.studies.domain.multipart import Part
from apps.studies.domain.rendering import Format, Window
from apps.studies.services import frames, metadata, rendering, viewing
from apps.studies.services.frames import NotAcceptableError
from kernel.blobs.services import blob_read, blobs_read
from kernel.errors import InvalidError, NotFoundError

if TYPE_CHECKING:
    from apps.studies.models import Instance, Study

_DICOM = "application/dicom"
_BYTES = "application/octet-stream"
_THUMBNAIL = (160, 160)
Answer = HttpResponse | StreamingHttpResponse


class InstanceView(DicomwebView):
    """A resource below one instance."""

    def instance(self, slug: str, study_uid: str, series_uid: str, sop_uid: str) -> Instance:
        """The instance, if the actor may see it now."""
        return selectors.instance_by_uid_for(
            actor=self.actor,
            slug=slug,
            study_instance_uid=study_uid,
            series_instance_uid=series_uid,
            sop_instance_uid=sop_uid,
        )

    def opened(self, instance: Instance, via: str) -> None:
        """Write down that the series is being read."""
        series = instance.series
        viewing.series_opened(actor=self.actor, series=series, study=series.study, via=via)


class StudyResource(StoreView):
    def get(self, request: Request, slug: str, study_uid: str) -> Answer:
        """All instances of a study, part by part."""
        study = selectors.study_by_uid_for(actor=self.actor, slug=slug, study_instance_uid=study_uid)
        series = selectors.series_of_studies([study.pk])[study.pk]
        return _whole(self, study, list(selectors.instances_of(series_ids=[one.pk for one in series])))


class SeriesRetrieve(DicomwebView):
    def get(self, request: Request, slug: str, study_uid: str, series_uid: str) -> Answer:
        """All instances of a series, part by part."""
        series = selectors.series_by_uid_for(
            actor=self.actor, slug=slug, study_instance_uid=study_uid, series_instance_uid=series_uid
        )
        return _whole(self, series.study, list(selectors.instances_of(series_ids=[series.pk])))


class InstanceRetrieve(InstanceView):
    def get(self, request: Request, slug: str, study_uid: str, series_uid: str, sop_uid: str) -> Answer:
        """One instance, as it is stored."""
        instance = self.instance(slug, study_uid, series_uid, sop_uid)
        best = self.accepted[0]
        if best.media_type == _DICOM:
            _check_syntaxes(self.accepted, [instance])
            viewing.instances_retrieved(actor=self.actor, study=instance.series.study, instances=[instance])
            return single(blob_read(instance.blob), _dicom_type(instance))
        return _whole(self, instance.series.study, [instance])


class FramesRetrieve(InstanceView):
    def get(
        self, request: Request, slug: str, study_uid: str, series_uid: str, sop_uid: str, frame_list: str
    ) -> Answer:
        """Frames of an instance; one body or several parts, as accepted."""
        numbers = _frame_numbers(frame_list)
        instance = self.instance(slug, study_uid, series_uid, sop_uid)
        self.opened(instance, "pixels")
        best = self.accepted[0]
        found = frames.frames_read(instance, numbers, _syntaxes(self.accepted))
        content_type = f"{_BYTES}; transfer-syntax={found.transfer_syntax_uid}"
        if best.media_type in {_BYTES, "image/jphc"} and len(found.frames) == 1:
            return single(found.frames[0], content_type)
        return multipart((Part(content_type, frame) for frame in found.frames), _BYTES)


class BulkdataRetrieve(InstanceView):
    def get(self, request: Request, slug: str, study_uid: str, series_uid: str, sop_uid: str, tag: str) -> Answer:
        """The value of one large attribute."""
        instance = self.instance(slug, study_uid, series_uid, sop_uid)
        self.opened(instance, "pixels")
        if tag.upper() == "7FE00010" and instance.frame_table is not None and "frames" in instance.frame_table:
            found = frames.frames_read(instance, range(1, instance.frames + 1), ["*"])
            content_type = f"{_BYTES}; transfer-syntax={found.transfer_syntax_uid}"
            return multipart((Part(content_type, frame) for frame in found.frames), _BYTES)
        value = metadata.bulk_value(instance, int(tag, 16))
        if self.accepted[0].is_multipart:
            return multipart([Part(_BYTES, value)], _BYTES)
        return single(value, _BYTES)


class RenderedRetrieve(InstanceView):
    def get(
        self, request: Request, slug: str, study_uid: str, series_uid: str, sop_uid: str, frame_list: str = "1"
    ) -> HttpResponse:
        """One frame as a picture: `window=center,width[,function]`, `viewport=width,height`, `quality`."""
        instance = self.instance(slug, study_uid, series_uid, sop_uid)
        self.opened(instance, "rendered")
        wanted = _rendering(request, _format(self.accepted), _frame_numbers(frame_list)[0])
        return single(rendering.instance_render(instance, wanted), f"image/{wanted.format}")


class ThumbnailRetrieve(InstanceView):
    """The middle frame, small; of an instance, a series or a study."""

    def get(self, request: Request, slug: str, study_uid: str, series_uid: str = "", sop_uid: str = "") -> HttpResponse:
        """A thumbnail."""
        instance = self._middle(slug, study_uid, series_uid, sop_uid)
        self.opened(instance, "rendered")
        wanted = rendering.Rendering(
            frame_number=(instance.frames + 1) // 2, format=_format(self.accepted), fit=_THUMBNAIL
        )
        return single(rendering.instance_render(instance, wanted), f"image/{wanted.format}")

    def _middle(self, slug: str, study_uid: str, series_uid: str, sop_uid: str) -> Instance:
        if sop_uid:
            return self.instance(slug, study_uid, series_uid, sop_uid)
        study = selectors.study_by_uid_for(actor=self.actor, slug=slug, study_instance_uid=study_uid)
        found = selectors.middle_instance(study, series_uid)
        if found is None:
            raise NotFoundError()
        return found


def _whole(view: DicomwebView, study: Study, instances: Sequence[Instance]) -> Answer:
    if not instances:
        raise NotFoundError()
    _check_syntaxes(view.accepted, instances)
    viewing.instances_retrieved(actor=view.actor, study=study, instances=instances)
    contents = blobs_read([instance.blob for instance in instances])
    parts = (Part(_dicom_type(i), content) for i, content in zip(instances, contents, strict=True))
    return multipart(parts, _DICOM)


def _dicom_type(instance: Instance) -> str:
    return f"{_DICOM}; transfer-syntax={instance.transfer_syntax_uid}"


def _check_syntaxes(accepted: list[MediaRange], instances: Sequence[Instance]) -> None:
    """Instances are sent as they are stored. Raises `NotAcceptableError` where only another syntax is accepted."""
    wanted = {r.transfer_syntax or "*" for r in accepted if r.content_type in {_DICOM, "", "*/*"}}
    if "*" not in wanted and any(i.transfer_syntax_uid not in wanted for i in instances):
        raise NotAcceptableError(
            "Whole instances are sent in the transfer syntax they are stored in.",
            remedy="Ask for transfer-syntax=*, or for frames, which can be had decoded.",
        )


def _syntaxes(accepted: list[MediaRange]) -> list[str]:
    """The transfer syntaxes accepted for frames, in order (PS3.18 8.7.3.5.2: none given means explicit little endian)."""
    found = []
    for one in accepted:
        if one.content_type in {_BYTES, "", "*/*"} or one.media_type == "*/*":
            found.append(one.transfer_syntax or ("*" if one.media_type == "*/*" else EXPLICIT_LE))
        elif one.content_type.startswith("image/"):
            found.append(one.transfer_syntax or "*")
    return found or ["*"]


def _frame_numbers(text: str) -> list[int]:
    try:
        numbers = [int(part) for part in text.split(",")]
    except ValueError:
        raise NotFoundError("Frames are named by number, from 1, separated by commas.") from None
    if not numbers or min(numbers) < 1:
        raise NotFoundError("Frames are counted from 1.")
    return numbers


def _format(accepted: list[MediaRange]) -> Format:
    for one in accepted:
        if one.content_type == "image/png":
            return "png"
        if one.content_type in {"image/jpeg", "*/*", "image/*", ""}:
            return "jpeg"
    raise NotAcceptableError("Pictures are made as image/png and image/jpeg.", remedy="Accept one of them.")


def _rendering(request: Request, format_: Format, frame_number: int) -> rendering.Rendering:
    query = request.query_params
    try:
        fit = None
        if viewport := query.get("viewport", ""):
            width, height = (int(part) for part in viewport.split(",")[:2])
            fit = (min(max(width, 1), 4096), min(max(height, 1), 4096))
        window = None
        if text := query.get("window", ""):
            parts = text.split(",")
            function = parts[2].lower() if len(parts) > 2 else "linear"
            if function not in {"linear", "linear-exact", "sigmoid"}:
                raise ValueError(function)
            window = Window(float(parts[0]), float(parts[1]), function)  # type: ignore[arg-type]  # checked above
        quality = min(max(int(query.get("quality", "90")), 1), 100)
    except (ValueError, IndexError):
        raise InvalidError(
            "window is center,width[,linear|linear-exact|sigmoid]; viewport is width,height; quality 1 to 100.",
            code="invalid-rendering",
            status=400,
        ) from None
    return rendering.Rendering(frame_number, format_, quality, window, fit)
