"""Measurements → a TID 1500 Comprehensive 3D SR, composed by highdicom so that the templates hold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydicom.dataset import Dataset
from pydicom.sr.coding import Code
from pydicom.uid import Comprehensive3DSRStorage

from imaging import ENGINE_VERSION
from imaging.errors import InputError
from imaging.labelmap import CodedConcept
from imaging.labelmap_source import (
    MANUFACTURER,
    MODEL_NAME,
    SourceImages,
    child_uid,
    derived_dataset,
    dicom_date,
    dicom_time,
)
from imaging.sr.model import MeasurementGroup, MeasurementReport


def write_sr(
    report: MeasurementReport,
    source_datasets: Sequence[Dataset],
    segmentations: Sequence[Dataset] = (),
    *,
    series_instance_uid: str,
    sop_instance_uid: str,
    content_datetime: datetime,
    instance_number: int = 1,
    series_number: int = 302,
    series_description: str | None = "Measurements",
    observer_name: str | None = None,
    procedure: CodedConcept | None = None,
    manufacturer: str = MANUFACTURER,
) -> Dataset:
    """A report of `report` on the images of `source_datasets`; groups that name a segment need its SEG.

    The same arguments give the same bytes. `observer_name` is a person's name (PN) or pseudonym; without it the
    engine is the observer. Raises `InputError` for a report without groups or a segment whose SEG is not given.
    """
    from highdicom import sr as hd  # a second to import, and only those who write reports need it

    source = SourceImages.from_datasets(source_datasets)
    if not report.groups:
        raise InputError("A report needs at least one measurement group", remedy="Measure at least one segment.")
    by_uid = {str(ds.SOPInstanceUID): ds for ds in segmentations}
    content = hd.MeasurementReport(
        observation_context=hd.ObservationContext(observer_person_context=_observer(hd, observer_name)),
        procedure_reported=_code(procedure or _IMAGING_PROCEDURE),
        imaging_measurements=[_group(hd, group, by_uid, source) for group in report.groups],
        title=None if report.title is None else _code(report.title),
        referenced_images=list(source_datasets),
    )
    used = {group.segmentation_uid for group in report.groups}
    composed = hd.Comprehensive3DSR(
        evidence=[_identity(ds) for ds in (*source_datasets, *(by_uid[uid] for uid in by_uid if uid in used))],
        content=content,
        series_instance_uid=series_instance_uid,
        series_number=series_number,
        sop_instance_uid=sop_instance_uid,
        instance_number=instance_number,
        manufacturer=manufacturer,
        is_complete=True,
    )
    ds = derived_dataset(
        source,
        sop_class_uid=Comprehensive3DSRStorage,
        modality="SR",
        series_instance_uid=series_instance_uid,
        sop_instance_uid=sop_instance_uid,
        series_number=series_number,
        instance_number=instance_number,
        content_datetime=content_datetime,
        series_description=series_description,
        manufacturer=manufacturer,
    )
    _take_content(composed, ds)
    ds.ContentDate, ds.ContentTime = dicom_date(content_datetime), dicom_time(content_datetime)
    ds.ReferencedPerformedProcedureStepSequence = []
    return ds


def _identity(ds: Dataset) -> Dataset:
    """What evidence is referred to by, and nothing of the patient: highdicom repeats dubious names in warnings."""
    item = Dataset()
    for keyword in ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "Modality"):
        setattr(item, keyword, ds.get(keyword))
    for keyword in ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyID"):
        setattr(item, keyword, "")
    item.AccessionNumber = item.ReferringPhysicianName = ""
    return item


def _take_content(composed: Dataset, ds: Dataset) -> None:
    """The SR document modules (PS3.3 C.17.2, C.17.3) of what highdicom composed; it stamps the rest with now."""
    for keyword in (
        "ReferencedRequestSequence",
        "CurrentRequestedProcedureEvidenceSequence",
        "PertinentOtherEvidenceSequence",
        "PerformedProcedureCodeSequence",
        "CompletionFlag",
        "VerificationFlag",
        "PreliminaryFlag",
        "ValueType",
        "ConceptNameCodeSequence",
        "ContinuityOfContent",
        "ContentTemplateSequence",
        "ContentSequence",
    ):
        if keyword in composed:
            ds[keyword] = composed[keyword]


def _observer(hd: Any, name: str | None) -> Any:
    if name is not None:
        attributes = hd.PersonObserverIdentifyingAttributes(name=name)
        return hd.ObserverContext(observer_type=_code(_PERSON), observer_identifying_attributes=attributes)
    attributes = hd.DeviceObserverIdentifyingAttributes(
        uid=child_uid(MODEL_NAME, ENGINE_VERSION), name=MODEL_NAME, manufacturer_name=MANUFACTURER
    )
    return hd.ObserverContext(observer_type=_code(_DEVICE), observer_identifying_attributes=attributes)


_IMAGING_PROCEDURE = CodedConcept("363679005", "SCT", "Imaging procedure")
_PERSON = CodedConcept("121006", "DCM", "Person")
_DEVICE = CodedConcept("121007", "DCM", "Device")


def _group(hd: Any, group: MeasurementGroup, segmentations: dict[str, Dataset], source: SourceImages) -> Any:
    common = {
        "tracking_identifier": hd.TrackingIdentifier(uid=group.tracking_uid, identifier=group.tracking_id),
        "finding_type": None if group.finding is None else _code(group.finding),
        "finding_sites": _sites(hd, group),
        "measurements": [
            hd.Measurement(
                name=_code(m.name),
                value=m.value,
                unit=_code(m.unit),
                derivation=None if m.derivation is None else _code(m.derivation),
                method=None if m.method is None else _code(m.method),
            )
            for m in group.measurements
        ],
        "qualitative_evaluations": [hd.QualitativeEvaluation(_code(e.name), _code(e.value)) for e in group.evaluations],
    }
    if group.segmentation_uid is None or group.segment_number is None:
        return hd.MeasurementsAndQualitativeEvaluations(**common)
    segmentation = segmentations.get(group.segmentation_uid)
    if segmentation is None:
        raise InputError("A group measures a segment of a SEG that is not given", remedy="Give the SEG with it.")
    segment = hd.ReferencedSegment(
        sop_class_uid=str(segmentation.SOPClassUID),
        sop_instance_uid=group.segmentation_uid,
        segment_number=group.segment_number,
        source_series=hd.SourceSeriesForSegmentation(group.source_series_uid or source.series_instance_uid),
    )
    return hd.VolumetricROIMeasurementsAndQualitativeEvaluations(referenced_segment=segment, **common)


def _sites(hd: Any, group: MeasurementGroup) -> list[Any] | None:
    if group.finding_site is None:
        return None
    laterality = None if group.laterality is None else _code(group.laterality)
    return [hd.FindingSite(anatomic_location=_code(group.finding_site), laterality=laterality)]


def _code(concept: CodedConcept) -> Code:
    return Code(concept.value, concept.scheme_designator, concept.meaning)
