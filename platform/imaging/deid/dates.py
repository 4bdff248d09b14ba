"""Shifting dates by whole days. Source: PS3.5 6.2 (DA, DT, TM), PS3.15 E.3.6."""

from __future__ import annotations

import datetime
import re

_DA = re.compile(r"(\d{4})(\.?)(\d{2})\2(\d{2})$")
_DT = re.compile(r"(\d{4})(\d{2})?(\d{2})?((?:\d{2}){0,3}(?:\.\d{1,6})?)([+-]\d{4})?$")
_TM = re.compile(r"\d{2}(?::?\d{2}(?::?\d{2}(?:\.\d{1,6})?)?)?$")


def shift_da(value: str, days: int) -> str | None:
    """A DA value moved by `days`, also in the old `YYYY.MM.DD` form; None where it is no date."""
    match = _DA.match(value.strip("\0 "))
    if not match:
        return None
    moved = _moved(int(match[1]), int(match[3]), int(match[4]), days)
    if moved is None:
        return None
    return f"{moved.year:04d}{match[2]}{moved.month:02d}{match[2]}{moved.day:02d}"


def shift_dt(value: str, days: int) -> str | None:
    """A DT value moved by `days`, to the precision it has, time and offset as they are; None where it is no date.

    A month or a year alone moves from its middle, so that it stays within half its precision.
    """
    match = _DT.match(value.strip("\0 "))
    if not match or (match[4] and not match[3]):
        return None
    moved = _moved(int(match[1]), int(match[2] or 7), int(match[3] or 15), days)
    if moved is None:
        return None
    text = f"{moved.year:04d}"
    text += f"{moved.month:02d}" if match[2] else ""
    text += f"{moved.day:02d}" if match[3] else ""
    return text + (match[4] or "") + (match[5] or "")


def is_tm(value: str) -> bool:
    """Whether the value is a time of day."""
    return bool(_TM.match(value.strip("\0 ")))


def cap_age(value: str, cap_years: int) -> str | None:
    """An AS value with ages over `cap_years` as `090Y` (45 CFR 164.514(b)(2)(i)(C)); None where it is no age."""
    match = re.match(r"(\d{1,3})([DWMY])$", value.strip("\0 "))
    if not match:
        return None
    years = int(match[1]) / {"D": 365.25, "W": 52.18, "M": 12.0, "Y": 1.0}[match[2]]
    over = years >= cap_years + 1
    return f"{cap_years + 1:03d}Y" if over else value.strip("\0 ")


def _moved(year: int, month: int, day: int, days: int) -> datetime.date | None:
    try:
        return datetime.date(year, month, day) + datetime.timedelta(days=days)
    except (ValueError, OverflowError):
        return None
