"""QIDO-RS and WADO-RS metadata."""

from __future__ import annotations

from typing import Any

import orjson
from django.http import HttpResponse
from rest_framework.request import Request

from apps.projects.selectors import project_get_for
from apps.studies import selectors
from apps.studies.api.dicomweb_base import DicomwebView, dicom_json
from apps.studies.api.dicomweb_store import StoreView
from apps.studies.domain import qido
from apps.studies.services import metadata, querying, viewing
from kernel.errors import InvalidError


class StudiesResource(StoreView):
    def get(self, request: Request, slug: str) -> HttpResponse:
        """Search for studies."""
        query = _query(request, [*qido.STUDY_KEYS])
        rows, more = querying.studies_find(self.actor, slug, query, self.root(slug))
        project = project_get_for(actor=self.actor, slug=slug)
        viewing.studies_listed(actor=self.actor, project_id=project.pk, count=len(rows))
        return _found(rows, more, query)


class SeriesSearch(DicomwebView):
    def get(self, request: Request, slug: str, study_uid: str = "") -> HttpResponse:
        """Search for series."""
        if study_uid:
            selectors.study_by_uid_for(actor=self.actor, slug=slug, study_instance_uid=study_uid)
        query = _query(request, [*qido.STUDY_KEYS, *qido.SERIES_KEYS])
        rows, more = querying.series_find(self.actor, slug, study_uid, query, self.root(slug))
        return _found(rows, more, query)


class InstancesSearch(DicomwebView):
    def get(self, request: Request, slug: str, study_uid: str = "", series_uid: str = "") -> HttpResponse:
        """Search for instances."""
        if study_uid:
            selectors.study_by_uid_for(actor=self.actor, slug=slug, study_instance_uid=study_uid)
        query = _query(request, [*qido.STUDY_KEYS, *qido.SERIES_KEYS, *qido.INSTANCE_KEYS])
        rows, more = querying.instances_find(self.actor, slug, study_uid, series_uid, query, self.root(slug))
        return _found(rows, more, query)


class StudyMetadata(DicomwebView):
    def get(self, request: Request, slug: str, study_uid: str) -> HttpResponse:
        """The attributes of every instance of a study."""
        study = selectors.study_by_uid_for(actor=self.actor, slug=slug, study_instance_uid=study_uid)
        series = selectors.series_of_studies([study.pk])[study.pk]
        for one in series:
            viewing.series_opened(actor=self.actor, series=one, study=study, via="metadata")
        instances = list(selectors.instances_of(series_ids=[s.pk for s in series]))
        return dicom_json(metadata.metadata_json(instances, self.root(slug)))


class SeriesMetadata(DicomwebView):
    def get(self, request: Request, slug: str, study_uid: str, series_uid: str) -> HttpResponse:
        """The attributes of every instance of a series."""
        series = selectors.series_by_uid_for(
            actor=self.actor, slug=slug, study_instance_uid=study_uid, series_instance_uid=series_uid
        )
        viewing.series_opened(actor=self.actor, series=series, study=series.study, via="metadata")
        instances = list(selectors.instances_of(series_ids=[series.pk]))
        return dicom_json(metadata.metadata_json(instances, self.root(slug)))


class InstanceMetadata(DicomwebView):
    def get(self, request: Request, slug: str, study_uid: str, series_uid: str, sop_uid: str) -> HttpResponse:
        """The attributes of one instance."""
        instance = selectors.instance_by_uid_for(
            actor=self.actor,
            slug=slug,
            study_instance_uid=study_uid,
            series_instance_uid=series_uid,
            sop_instance_uid=sop_uid,
        )
        study = instance.series.study
        viewing.series_opened(actor=self.actor, series=instance.series, study=study, via="metadata")
        return dicom_json(metadata.metadata_json([instance], self.root(slug)))


def _query(request: Request, known: list[str]) -> qido.Query:
    try:
        return qido.parse_query(dict(request.query_params.lists()), known)
    except ValueError:
        raise InvalidError("limit and offset are whole numbers.", code="invalid-query") from None


def _found(rows: list[dict[str, Any]], more: bool, query: qido.Query) -> HttpResponse:
    warnings = [f"Not supported and ignored: {', '.join(query.ignored)[:200]}"] if query.ignored else []
    if more:
        warnings.append("There are additional results that can be requested")
    if not rows:
        return dicom_json(b"[]", warnings=warnings)
    return dicom_json(orjson.dumps(rows), warnings=warnings)
