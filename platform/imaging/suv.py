"""The factor from activity concentration to SUVbw.

SUVbw = C(t) × weight / dose, with the dose decayed to the time that the pixel values are decayed to.
Source: QIBA FDG-PET/CT Profile, "SUV vendor-neutral pseudo-code" (happy path and vendor branches);
DICOM PS3.3 C.8.9.1 (PET Series: Units, DecayCorrection).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydicom.dataset import Dataset
from pydicom.valuerep import DT

from imaging.errors import UnsupportedError
from imaging.scan_dataset import PARSER_ERRORS, damaged

_MAX_DELAY_S = 12 * 3600.0


@dataclass(frozen=True, slots=True)
class SuvFactor:
    """Modality value × `factor` = SUVbw in g/mL; `method` says which branch of the pseudo-code gave it."""

    factor: float
    method: str
    decay_s: float | None = None


def suvbw_factor(dataset: Dataset, *, earliest: Dataset | None = None, path: str | None = None) -> SuvFactor:
    """The SUVbw factor of one PET instance.

    `earliest` is the instance of the series with the earliest AcquisitionTime, needed where SeriesTime was
    overwritten by post-processing. Raises UnsupportedError, naming the attribute, where SUV cannot be known:
    nothing is assumed for a missing weight, dose or time.
    """
    try:
        return _factor(dataset, earliest or dataset, path)
    except PARSER_ERRORS as error:
        raise damaged(path, error) from error


def _factor(dataset: Dataset, earliest: Dataset, path: str | None) -> SuvFactor:
    if str(dataset.get("Modality", "")) != "PT":
        raise _refuse("Only PET has SUV", "(0008,0060)", path)
    units = str(dataset.get("Units", "")).strip().upper()
    if units == "GML":
        kind = str(dataset.get("SUVType", "BW")).strip().upper() or "BW"
        if kind != "BW":
            raise _refuse(f"The values are SUV of type {kind}, not body weight", "(0054,1006)", path)
        return SuvFactor(1.0, "values are SUVbw already")
    corrected = set(_texts(dataset, "CorrectedImage"))
    if "ATTN" not in corrected or not corrected & {"DECY", "DCAL"} and str(dataset.get("DecayCorrection", "")) == "":
        raise _refuse("The image is not corrected for attenuation and decay", "(0028,0051)", path)
    if units == "CNTS":
        return _philips_counts(dataset, earliest, path)
    if units != "BQML":
        raise _refuse("Units are neither BQML, CNTS nor GML", "(0054,1001)", path)
    return _from_bqml(dataset, earliest, path)


def _philips_counts(dataset: Dataset, earliest: Dataset, path: str | None) -> SuvFactor:
    """Philips stores counts and its own factors, (7053,xx00) to SUV or (7053,xx09) to Bq/mL."""
    direct = _private_number(dataset, 0x7053, 0x00, "Philips PET Private Group")
    if direct:
        return SuvFactor(direct, "Philips (7053,1000)")
    to_bqml = _private_number(dataset, 0x7053, 0x09, "Philips PET Private Group")
    if to_bqml:
        inner = _from_bqml(dataset, earliest, path)
        return SuvFactor(inner.factor * to_bqml, f"Philips (7053,1009), then {inner.method}", inner.decay_s)
    raise _refuse("The image holds counts without Philips' factor", "(7053,1000)", path)


def _from_bqml(dataset: Dataset, earliest: Dataset, path: str | None) -> SuvFactor:
    weight = _positive(dataset, "PatientWeight", "(0010,1030)", path)
    radio = (dataset.get("RadiopharmaceuticalInformationSequence") or [Dataset()])[0]
    dose = _positive(radio, "RadionuclideTotalDose", "(0018,1074)", path)
    correction = str(dataset.get("DecayCorrection", "")).strip().upper()
    if correction == "ADMIN":
        return SuvFactor(weight * 1000.0 / dose, "BQML, decayed to injection", 0.0)
    if correction != "START":
        raise _refuse("DecayCorrection is neither START nor ADMIN", "(0054,1102)", path)
    half_life = _positive(radio, "RadionuclideHalfLife", "(0018,1075)", path)
    start, method = _scan_start(dataset, earliest, half_life, path)
    injection = _injection(radio, start, path)
    delay = (start - injection).total_seconds()
    if not 0 <= delay <= max(_MAX_DELAY_S, 5 * half_life):
        raise _refuse("The scan starts before the injection or too long after it", "(0018,1078)", path)
    decayed = dose * math.pow(2.0, -delay / half_life)
    return SuvFactor(weight * 1000.0 / decayed, method, delay)


def _scan_start(dataset: Dataset, earliest: Dataset, half_life: float, path: str | None) -> tuple[datetime, str]:
    series = _moment(dataset, "SeriesDate", "SeriesTime")
    acquired = _moment(earliest, "AcquisitionDate", "AcquisitionTime")
    if series is not None and (acquired is None or series <= acquired):
        return series, "BQML, decayed to SeriesTime"
    ge = _private_text(dataset, 0x0009, 0x0D, "GEMS_PETD_01")
    if ge:
        moment = DT(ge)
        if moment is not None:
            return moment.replace(tzinfo=None), "BQML, decayed to GE (0009,100D)"
    # SeriesTime was set after the scan: go back from the frame's own time by the average decay within the frame.
    reference, duration = dataset.get("FrameReferenceTime"), dataset.get("ActualFrameDuration")
    own = _moment(dataset, "AcquisitionDate", "AcquisitionTime")
    if own is None or not reference or not duration:
        raise _refuse("The time the values are decayed to cannot be known", "(0008,0031)", path)
    decay_constant = math.log(2.0) / half_life
    within = decay_constant * float(duration) / 1000.0
    average = math.log(within / (1.0 - math.exp(-within))) / decay_constant
    start = own - timedelta(seconds=float(reference) / 1000.0 - average)
    return start, "BQML, decayed to AcquisitionTime less FrameReferenceTime"


def _injection(radio: Dataset, start: datetime, path: str | None) -> datetime:
    """RadiopharmaceuticalStartDateTime, else its time on the day of the scan or the day before."""
    stamped = str(radio.get("RadiopharmaceuticalStartDateTime", "") or "")
    if stamped:
        moment = DT(stamped)
        if moment is not None:
            return moment.replace(tzinfo=None)
    text = str(radio.get("RadiopharmaceuticalStartTime", "") or "")
    moment_of_day = _clock(start.strftime("%Y%m%d"), text)
    if moment_of_day is None:
        raise _refuse("The injection time is missing", "(0018,1072)", path)
    return moment_of_day if moment_of_day <= start else moment_of_day - timedelta(days=1)


def _moment(dataset: Dataset, date: str, time: str) -> datetime | None:
    return _clock(str(dataset.get(date, "") or ""), str(dataset.get(time, "") or ""))


def _clock(date: str, time: str) -> datetime | None:
    digits = time.replace(":", "").strip()
    whole, _, fraction = digits.partition(".")
    whole = whole.ljust(6, "0") if len(whole) in (2, 4, 6) else whole
    if len(date.strip()) != 8 or len(whole) != 6 or not (date.strip() + whole).isdigit():
        return None
    day, clock = date.strip(), whole[:4] + ("59" if whole[4:] == "60" else whole[4:])
    moment = datetime.strptime(day + clock, "%Y%m%d%H%M%S")  # noqa: DTZ007  # DICOM times are local, without a zone
    return moment + timedelta(seconds=float("0." + fraction)) if fraction.isdigit() else moment


def _positive(item: Dataset, keyword: str, tag: str, path: str | None) -> float:
    value = item.get(keyword)
    number = float(value) if value not in (None, "") else 0.0
    if not math.isfinite(number) or number <= 0:
        raise _refuse(f"{keyword} is missing or zero", tag, path)
    return number


def _texts(dataset: Dataset, keyword: str) -> list[str]:
    value = dataset.get(keyword) or []
    return [str(v).strip().upper() for v in ([value] if isinstance(value, str) else value)]


def _private(dataset: Dataset, group: int, element: int, creator: str) -> Any:
    for block in range(0x10, 0x100):
        owner = dataset.get((group, block))
        if owner is not None and str(owner.value).strip() == creator:
            found = dataset.get((group, block << 8 | element))
            return None if found is None else found.value
    return None


def _private_number(dataset: Dataset, group: int, element: int, creator: str) -> float | None:
    text = _private_text(dataset, group, element, creator)
    return float(text) if text else None


def _private_text(dataset: Dataset, group: int, element: int, creator: str) -> str:
    value = _private(dataset, group, element, creator)
    if isinstance(value, bytes):
        return value.decode("ascii", "replace").strip(" \0")
    return "" if value is None else str(value).strip()


def _refuse(detail: str, tag: str, path: str | None) -> UnsupportedError:
    return UnsupportedError(
        detail,
        remedy="Read modality values instead, or have the sender supply the attribute.",
        path=path,
        tag=tag,
        code="suv-unknown",
    )
