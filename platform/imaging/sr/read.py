"""TID 1500 reports → measurements. Source: PS3.16 TID 1500, 1501, 1410, 1411, 300, 1419; PS3.3 C.17.3."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from typing import Any

from pydicom.dataset import Dataset

from imaging.errors import ConversionError, UnsupportedError
from imaging.labelmap import CodedConcept
from imaging.seg.read import coded_concept, fenced, open_dicom
from imaging.sr.model import Evaluation, Measurement, MeasurementGroup, MeasurementReport

_SR_CLASSES = frozenset(f"1.2.840.10008.5.1.4.1.1.88.{n}" for n in (11, 22, 33, 34))
# Retired SNOMED-RT codes stand for the same concepts in older reports.
_GROUP = frozenset(("125007",))
_FINDING = frozenset(("121071",))
_SITE = frozenset(("363698007", "G-C0E3"))
_LATERALITY = frozenset(("272741003", "G-C171"))
_TRACKING_ID = frozenset(("112039",))
_TRACKING_UID = frozenset(("112040",))
_SEGMENT = frozenset(("121191", "121214"))
_SOURCE_SERIES = frozenset(("121232",))
_DERIVATION = frozenset(("121401",))
_METHOD = frozenset(("370129005", "G-C036"))
_DEPTH = 64


def read_sr(source: str | os.PathLike[str] | Dataset) -> MeasurementReport:
    """Every measurement group of a TID 1500 report.

    Raises `UnsupportedError` for another kind of object or a report without measurement groups, `ConversionError`
    for a measurement without value or unit.
    """
    ds = open_dicom(source)
    with fenced(source):
        if str(ds.get("SOPClassUID", "")) not in _SR_CLASSES:
            raise UnsupportedError(
                "The object is no structured report", remedy="Give a TID 1500 SR.", tag="(0008,0016)"
            )
        groups = tuple(_group(item) for item in _containers(ds, 0))
        if not groups and not _is_measurement_report(ds):
            raise UnsupportedError(
                "The report holds no measurement group", remedy="Give a TID 1500 report.", tag="(0040,A730)"
            )
        title = ds.get("ConceptNameCodeSequence")
        return MeasurementReport(coded_concept(title, "(0040,A043)") if title else None, groups)


def _is_measurement_report(ds: Dataset) -> bool:
    template = ds.get("ContentTemplateSequence")
    return bool(template) and str(template[0].get("TemplateIdentifier", "")) == "1500"


def _containers(item: Dataset, depth: int) -> Iterator[Dataset]:
    if depth > _DEPTH:
        raise ConversionError("The report is nested too deeply", remedy="Export it again.", tag="(0040,A730)")
    for child in item.get("ContentSequence") or []:
        if child.get("ValueType") == "CONTAINER" and _name(child) in _GROUP:
            yield child
        else:
            yield from _containers(child, depth + 1)


def _group(container: Dataset) -> MeasurementGroup:
    children = list(container.get("ContentSequence") or [])
    site = _child(children, "CODE", _SITE)
    segment = _child(children, "IMAGE", _SEGMENT)
    reference = (segment.get("ReferencedSOPSequence") or [Dataset()])[0] if segment is not None else Dataset()
    number = reference.get("ReferencedSegmentNumber")
    return MeasurementGroup(
        tracking_id=_text(children, "TEXT", _TRACKING_ID, "TextValue") or "",
        tracking_uid=_text(children, "UIDREF", _TRACKING_UID, "UID") or "",
        finding=_coded(children, _FINDING),
        finding_site=_coded(children, _SITE),
        laterality=_coded(list(site.get("ContentSequence") or []), _LATERALITY) if site is not None else None,
        segmentation_uid=str(reference.ReferencedSOPInstanceUID) if reference.get("ReferencedSOPInstanceUID") else None,
        segment_number=None if number is None else int(number[0] if _is_list(number) else number),
        source_series_uid=_text(children, "UIDREF", _SOURCE_SERIES, "UID"),
        measurements=tuple(_measurement(child) for child in children if child.get("ValueType") == "NUM"),
        evaluations=tuple(
            Evaluation(_concept_name(child), coded_concept(child.get("ConceptCodeSequence"), "(0040,A168)"))
            for child in children
            if child.get("ValueType") == "CODE" and _name(child) not in _FINDING | _SITE | _METHOD
        ),
    )


def _measurement(item: Dataset) -> Measurement:
    values = item.get("MeasuredValueSequence")
    if not values or values[0].get("NumericValue") in (None, ""):
        raise ConversionError("A measurement has no value", remedy="Export the report again.", tag="(0040,A300)")
    measured = values[0]
    value = float(measured.get("FloatingPointValue") or measured.NumericValue)
    if not math.isfinite(value):
        raise ConversionError("A measured value is not a number", remedy="Export it again.", tag="(0040,A30A)")
    children = list(item.get("ContentSequence") or [])
    return Measurement(
        name=_concept_name(item),
        value=value,
        unit=coded_concept(measured.get("MeasurementUnitsCodeSequence"), "(0040,08EA)"),
        derivation=_coded(children, _DERIVATION),
        method=_coded(children, _METHOD),
    )


def _is_list(value: Any) -> bool:
    return hasattr(value, "__getitem__") and not isinstance(value, str | bytes)


def _name(item: Dataset) -> str:
    names = item.get("ConceptNameCodeSequence")
    return str(names[0].get("CodeValue", "")) if names else ""


def _concept_name(item: Dataset) -> CodedConcept:
    return coded_concept(item.get("ConceptNameCodeSequence"), "(0040,A043)")


def _child(children: list[Dataset], value_type: str, names: frozenset[str]) -> Dataset | None:
    return next((c for c in children if c.get("ValueType") == value_type and _name(c) in names), None)


def _coded(children: list[Dataset], names: frozenset[str]) -> CodedConcept | None:
    child = _child(children, "CODE", names)
    return None if child is None else coded_concept(child.get("ConceptCodeSequence"), "(0040,A168)")


def _text(children: list[Dataset], value_type: str, names: frozenset[str], keyword: str) -> str | None:
    child = _child(children, value_type, names)
    return None if child is None or not child.get(keyword) else str(child.get(keyword))
