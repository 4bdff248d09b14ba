"""QIDO-RS: find studies, series and instances of a project, in the actor's reach."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.db.models import Q, QuerySet

from apps.studies.domain import qido
from apps.studies.domain.metadata import picked
from apps.studies.domain.qido import Query
from apps.studies.models import Instance, Series, Study
from apps.studies.selectors import instances_for_studies, series_for_studies, study_list_for
from apps.studies.services.metadata import attributes_of
from kernel.actors import Actor

JsonRow = dict[str, Any]


def studies_find(actor: Actor, slug: str, query: Query, root: str) -> tuple[list[JsonRow], bool]:
    """Matching studies as DICOM JSON, newest first, and whether there are more."""
    rows = _matched(study_list_for(actor, slug), query, qido.STUDY_KEYS, "")
    page, more = _page(rows.order_by("-created_at", "-id"), query)
    return [study_json(study, root) for study in page], more


def series_find(
    actor: Actor, slug: str, study_instance_uid: str, query: Query, root: str
) -> tuple[list[JsonRow], bool]:
    """Matching series of one study, or of all with `study_instance_uid` empty."""
    studies = _studies(actor, slug, study_instance_uid)
    rows = _matched(series_for_studies(studies), query, qido.STUDY_KEYS, "study__")
    page, more = _page(_matched(rows, query, qido.SERIES_KEYS, "").order_by("study_id", "number", "id"), query)
    return [series_json(series, root, with_study=not study_instance_uid) for series in page], more


def instances_find(
    actor: Actor, slug: str, study_instance_uid: str, series_instance_uid: str, query: Query, root: str
) -> tuple[list[JsonRow], bool]:
    """Matching instances of one series, one study, or all."""
    studies = _studies(actor, slug, study_instance_uid)
    rows = instances_for_studies(studies)
    if series_instance_uid:
        rows = rows.filter(series__series_instance_uid=series_instance_uid)
    rows = _matched(rows, query, qido.STUDY_KEYS, "series__study__")
    rows = _matched(rows, query, qido.SERIES_KEYS, "series__")
    rows = _matched(rows, query, qido.INSTANCE_KEYS, "")
    page, more = _page(rows.order_by("series_id", "number", "sop_instance_uid"), query)
    found = [instance_json(instance, root, with_series=not series_instance_uid) for instance in page]
    if page and (query.include or query.include_all):
        for row, full in zip(found, attributes_of(page, root), strict=True):
            extra = full if query.include_all else picked(full, tuple(query.include))
            row.update({tag: value for tag, value in extra.items() if "BulkDataURI" not in value})
    return [dict(sorted(row.items())) for row in found], more


def study_json(study: Study, root: str) -> JsonRow:
    """The attributes PS3.18 Table 10.6.3-3 asks for."""
    row = {
        **study.attributes,
        **_base(f"{root}/studies/{study.study_instance_uid}"),
        "00080061": _value("CS", *study.modalities),
        "00100020": _value("LO", study.subject.pseudonym),
        "0020000D": _value("UI", study.study_instance_uid),
        "00201206": _value("IS", study.series_count),
        "00201208": _value("IS", study.instance_count),
    }
    return dict(sorted(row.items()))


def series_json(series: Series, root: str, *, with_study: bool) -> JsonRow:
    """The attributes PS3.18 Table 10.6.3-4 asks for."""
    study_root = f"{root}/studies/{series.study.study_instance_uid}"
    row = {
        **(study_json(series.study, root) if with_study else {}),
        **series.attributes,
        **_base(f"{study_root}/series/{series.series_instance_uid}"),
        "00080060": _value("CS", series.modality),
        "0020000D": _value("UI", series.study.study_instance_uid),
        "0020000E": _value("UI", series.series_instance_uid),
        "00201209": _value("IS", series.instance_count),
    }
    return dict(sorted(row.items()))


def instance_json(instance: Instance, root: str, *, with_series: bool) -> JsonRow:
    """The attributes PS3.18 Table 10.6.3-5 asks for."""
    series = instance.series
    base = f"{root}/studies/{series.study.study_instance_uid}/series/{series.series_instance_uid}"
    row = {
        **(series_json(series, root, with_study=True) if with_series else {}),
        **_base(f"{base}/instances/{instance.sop_instance_uid}"),
        "00080016": _value("UI", instance.sop_class_uid),
        "00080018": _value("UI", instance.sop_instance_uid),
        "00083002": _value("UI", instance.transfer_syntax_uid),
        "0020000D": _value("UI", series.study.study_instance_uid),
        "0020000E": _value("UI", series.series_instance_uid),
    }
    if instance.number is not None:
        row["00200013"] = _value("IS", instance.number)
    if instance.frames:
        row["00280008"] = _value("IS", instance.frames)
        row["00280010"] = _value("US", instance.rows)
        row["00280011"] = _value("US", instance.columns)
        row["00280100"] = _value("US", instance.bits_allocated)
    return row


def _studies(actor: Actor, slug: str, study_instance_uid: str) -> QuerySet[Study]:
    rows = study_list_for(actor, slug)
    return rows.filter(study_instance_uid=study_instance_uid) if study_instance_uid else rows


def _matched(rows: QuerySet[Any], query: Query, columns: Mapping[str, str], prefix: str) -> QuerySet[Any]:
    for keyword, column in columns.items():
        if value := query.keys.get(keyword, ""):
            rows = rows.filter(_condition(keyword, prefix + column, value))
    return rows


def _condition(keyword: str, column: str, value: str) -> Q:
    """Single value, list of UIDs, wild card and range matching (PS3.4 C.2.2.2)."""
    if column.endswith(("modalities", "__Value")):
        return Q(**{f"{column}__contains": [value]})
    if keyword.endswith("UID"):
        return Q(**{f"{column}__in": re.split(r"[,\\]", value)})
    if keyword.endswith("Date") and "-" in value:
        first, _, last = value.partition("-")
        return Q(**{f"{column}__gte": first or "0"}) & Q(**{f"{column}__lte": last or "9"})
    if keyword.endswith("Number") and column.endswith("number"):
        return Q(**{column: int(value)}) if value.lstrip("-").isdigit() else Q(pk__in=[])
    if "*" in value or "?" in value:
        pattern = "".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in value)
        return Q(**{f"{column}__iregex": f"^{pattern}$"})
    return Q(**{column: value})


def _page(rows: QuerySet[Any], query: Query) -> tuple[list[Any], bool]:
    found = list(rows[query.offset : query.offset + query.limit + 1])
    return found[: query.limit], len(found) > query.limit


def _base(url: str) -> JsonRow:
    return {
        "00080005": _value("CS", "ISO_IR 192"),
        "00080056": _value("CS", "ONLINE"),
        "00081190": _value("UR", url),
    }


def _value(vr: str, *values: object) -> JsonRow:
    return {"vr": vr, "Value": list(values)} if values and values != ("",) else {"vr": vr}
