"""Studies and series as the pages show them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apps.studies.models import Series, Study
from apps.studies.selectors import quality_summary, series_of_studies

DeidentificationSource = Callable[[Series], dict[str, Any]]

_sources: list[DeidentificationSource] = []


def register_deidentification(source: DeidentificationSource) -> None:
    """Say who knows what de-identification did to a series: the intake room keeps the manifests."""
    _sources[:] = [source]


def deidentification_of(series: Series) -> dict[str, Any]:
    """`{policy, policy_digest, instances, unchanged, changes}` of a series a door has opened."""
    empty: dict[str, Any] = {"policy": "", "policy_digest": "", "instances": 0, "unchanged": 0, "changes": []}
    return _sources[0](series) if _sources else empty


def studies_described(studies: list[Study]) -> list[dict[str, Any]]:
    """Rows of the list of studies; one query for the series of all of them."""
    series = series_of_studies([study.pk for study in studies])
    return [_study(study, series[study.pk]) for study in studies]


def study_described(study: Study, *, prefix: str) -> dict[str, Any]:
    """A study with its series. `prefix` is the tenant's part of an address."""
    series = series_of_studies([study.pk])[study.pk]
    root = dicomweb_root(study, prefix)
    return {
        **_study(study, series),
        "project": study.project.slug,
        "series": [_series(one, f"{root}/studies/{study.study_instance_uid}") for one in series],
    }


def series_described(series: Series, *, prefix: str) -> dict[str, Any]:
    """A series with what leads to it."""
    study = series.study
    root = dicomweb_root(study, prefix)
    return {
        **_series(series, f"{root}/studies/{study.study_instance_uid}"),
        "project": study.project.slug,
        "study_id": study.pk,
        "study_instance_uid": study.study_instance_uid,
        "subject": study.subject,
        "dicomweb_root": root,
    }


def dicomweb_root(study: Study, prefix: str) -> str:
    """The address of the DICOMweb service the study is reached at."""
    return f"{prefix}/dicomweb/v1/projects/{study.project.slug}"


def _study(study: Study, series: list[Series]) -> dict[str, Any]:
    return {
        "id": study.pk,
        "study_instance_uid": study.study_instance_uid,
        "subject": study.subject,
        "study_date": study.study_date,
        "description": study.description,
        "modalities": study.modalities,
        "series_count": study.series_count,
        "instance_count": study.instance_count,
        "quality": quality_summary(one.quality for one in series),
        "created_at": study.created_at,
    }


def _series(series: Series, study_root: str) -> dict[str, Any]:
    findings = series.quality.get("findings", [])
    return {
        "id": series.pk,
        "series_instance_uid": series.series_instance_uid,
        "modality": series.modality,
        "number": series.number,
        "description": series.description,
        "instance_count": series.instance_count,
        "rows": series.rows,
        "columns": series.columns,
        "spacing_mm": series.spacing_mm,
        "quality": {
            "worst": quality_summary([series.quality])["worst"],
            "findings": [{**finding, "affected_count": len(finding.get("affected", []))} for finding in findings],
        },
        "thumbnail_url": f"{study_root}/series/{series.series_instance_uid}/thumbnail",
    }
