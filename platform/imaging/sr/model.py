"""Measurements with their meaning, as TID 1500 carries them."""

from __future__ import annotations

from dataclasses import dataclass

from imaging.labelmap import CodedConcept


@dataclass(frozen=True)
class Measurement:
    """One NUM item (TID 300): what was measured, the value, its UCUM unit, how it was derived and by which method."""

    name: CodedConcept
    value: float
    unit: CodedConcept
    derivation: CodedConcept | None = None
    method: CodedConcept | None = None


@dataclass(frozen=True)
class Evaluation:
    """One coded statement about a finding (TID 1410, 1411: qualitative evaluations)."""

    name: CodedConcept
    value: CodedConcept


@dataclass(frozen=True)
class MeasurementGroup:
    """What was measured on one finding (TID 1410, 1411).

    `segment_number` counts in the SEG named by `segmentation_uid`; both are None for a group without a region.
    """

    tracking_id: str
    tracking_uid: str
    finding: CodedConcept | None = None
    finding_site: CodedConcept | None = None
    laterality: CodedConcept | None = None
    segmentation_uid: str | None = None
    segment_number: int | None = None
    source_series_uid: str | None = None
    measurements: tuple[Measurement, ...] = ()
    evaluations: tuple[Evaluation, ...] = ()


@dataclass(frozen=True)
class MeasurementReport:
    """A TID 1500 report: its title and measurement groups in the order of the document."""

    title: CodedConcept | None
    groups: tuple[MeasurementGroup, ...]
