"""SUVbw: every branch of the vendor-neutral pseudo-code, and refusals instead of assumptions."""

from __future__ import annotations

import math
from typing import Any

import pytest
from pydicom.dataset import Dataset

from imaging.errors import UnsupportedError
from imaging.suv import suvbw_factor
from tests.imaging.series.phantoms import changed, item

F18_S = 6586.2


def pet(**changes: Any) -> Dataset:
    """A PET header: 70 kg, 370 MBq at 10:00, scan at 11:00."""
    ds = item(
        Modality="PT",
        Units="BQML",
        DecayCorrection="START",
        CorrectedImage=["DECY", "ATTN", "SCAT"],
        PatientWeight="70",
        SeriesDate="20240301",
        SeriesTime="110000",
        AcquisitionDate="20240301",
        AcquisitionTime="110000",
    )
    ds.RadiopharmaceuticalInformationSequence = [
        item(
            RadionuclideTotalDose="370000000", RadionuclideHalfLife=str(F18_S), RadiopharmaceuticalStartTime="100000.00"
        )
    ]
    return changed(ds, **changes)


def expected(delay_s: float) -> float:
    return 70_000 / (370e6 * 2 ** (-delay_s / F18_S))


def test_dose_is_decayed_to_the_start_of_the_series() -> None:
    factor = suvbw_factor(pet())
    assert factor.factor == pytest.approx(expected(3600), rel=1e-12)
    assert factor.decay_s == 3600


def test_values_decayed_to_injection_need_no_decay() -> None:
    assert suvbw_factor(pet(DecayCorrection="ADMIN")).factor == pytest.approx(70_000 / 370e6, rel=1e-12)


def test_an_injection_before_midnight() -> None:
    ds = pet(SeriesTime="003000", AcquisitionTime="003000")
    ds.RadiopharmaceuticalInformationSequence[0].RadiopharmaceuticalStartTime = "233000"
    assert suvbw_factor(ds).decay_s == 3600


def test_a_date_and_time_of_injection_wins() -> None:
    ds = pet()
    ds.RadiopharmaceuticalInformationSequence[0].RadiopharmaceuticalStartDateTime = "20240301101500"
    assert suvbw_factor(ds).decay_s == 2700


def test_a_series_time_that_was_set_later_is_not_trusted() -> None:
    """PET stored again in the evening: the frame's own time less its reference time gives the start."""
    ds = pet(SeriesTime="190000", AcquisitionTime="111000", FrameReferenceTime="630000", ActualFrameDuration="60000")
    factor = suvbw_factor(ds)
    constant = math.log(2) / F18_S
    within = constant * 60
    average = math.log(within / (1 - math.exp(-within))) / constant
    assert factor.decay_s == pytest.approx(4200 - 630 + average, abs=1e-6)
    assert "FrameReferenceTime" in factor.method


def test_a_series_time_that_was_set_later_without_reference_is_refused() -> None:
    with pytest.raises(UnsupportedError) as refusal:
        suvbw_factor(pet(SeriesTime="190000"))
    assert refusal.value.tag == "(0008,0031)"


def test_ge_private_scan_time() -> None:
    ds = pet(SeriesTime="190000")
    block = ds.private_block(0x0009, "GEMS_PETD_01", create=True)
    block.add_new(0x0D, "DT", "20240301110000.00")
    assert suvbw_factor(ds).decay_s == 3600


def test_philips_counts_with_their_own_factors() -> None:
    ds = pet(Units="CNTS")
    block = ds.private_block(0x7053, "Philips PET Private Group", create=True)
    block.add_new(0x00, "DS", "0.000551")
    assert suvbw_factor(ds).factor == 0.000551
    ds = pet(Units="CNTS")
    block = ds.private_block(0x7053, "Philips PET Private Group", create=True)
    block.add_new(0x00, "DS", "0")
    block.add_new(0x09, "DS", "1.5")
    assert suvbw_factor(ds).factor == pytest.approx(1.5 * expected(3600))


def test_values_that_are_suv_already() -> None:
    assert suvbw_factor(pet(Units="GML")).factor == 1.0
    with pytest.raises(UnsupportedError):
        suvbw_factor(pet(Units="GML", SUVType="LBM"))


@pytest.mark.parametrize(
    ("change", "tag"),
    [
        ({"PatientWeight": None}, "(0010,1030)"),
        ({"PatientWeight": "0"}, "(0010,1030)"),
        ({"Units": "CNTS"}, "(7053,1000)"),
        ({"Units": "PROPCPS"}, "(0054,1001)"),
        ({"DecayCorrection": "NONE"}, "(0054,1102)"),
        ({"CorrectedImage": ["DECY"]}, "(0028,0051)"),
        ({"Modality": "CT"}, "(0008,0060)"),
        ({"SeriesTime": None, "AcquisitionTime": None}, "(0008,0031)"),
    ],
)
def test_nothing_is_assumed(change: dict[str, Any], tag: str) -> None:
    with pytest.raises(UnsupportedError) as refusal:
        suvbw_factor(pet(**change))
    assert refusal.value.tag == tag


@pytest.mark.parametrize(
    ("keyword", "value", "tag"),
    [
        ("RadionuclideTotalDose", None, "(0018,1074)"),
        ("RadionuclideHalfLife", "0", "(0018,1075)"),
        ("RadiopharmaceuticalStartTime", None, "(0018,1072)"),
        ("RadiopharmaceuticalStartDateTime", "20240301170000", "(0018,1078)"),
    ],
)
def test_nothing_is_assumed_about_the_tracer(keyword: str, value: str | None, tag: str) -> None:
    ds = pet()
    changed(ds.RadiopharmaceuticalInformationSequence[0], **{keyword: value})
    with pytest.raises(UnsupportedError) as refusal:
        suvbw_factor(ds)
    assert refusal.value.tag == tag
