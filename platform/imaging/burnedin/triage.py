"""How closely a series' pixels are looked at: by SOP class, modality, image type, conversion and what it says itself.

(0028,0301) BurnedInAnnotation NO is never trusted: it is the export's word, not the picture's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from pydicom.dataset import Dataset


class Scrutiny(StrEnum):
    """What the pixels need: nothing, reading, a person's look at the whole frame, or leaving out."""

    NONE = "none"
    READ = "read"
    PERSON = "person"
    DROP = "drop"


@dataclass(frozen=True)
class TriageDecision:
    """The scrutiny for a series and why; `reasons` are stable kebab-case words."""

    scrutiny: Scrutiny
    reasons: tuple[str, ...]


_ROOT = "1.2.840.10008.5.1.4.1.1."
_SECONDARY_CAPTURE = re.compile(re.escape(_ROOT) + r"7(\.\d+)*$")
_SLIDE = _ROOT + "77.1.6"
_PHOTOGRAPHS = frozenset({_ROOT + "77.1.4"})
_FILM = frozenset({"1.2.840.10008.5.1.1.29", "1.2.840.10008.5.1.1.30", "1.2.840.10008.5.1.1.27"})
_COMPUTED = frozenset({_ROOT + "66.4", _ROOT + "66.7", _ROOT + "66.8", _ROOT + "30", _ROOT + "481.2"})
_SCREEN = re.compile(r"SCREEN|SAVE|DOSE|REPORT|PROTOCOL|SUMMARY|CAPTURE|GRAPH|TABLE|RESULT")
_PERSON_MODALITIES = frozenset({"OT", "HC", "DOC", "SC"})
_CONVERTED = frozenset({"DF", "SD", "SI", "DV", "WSD", "DI", "SYN"})
_STRICTEST_FIRST = (Scrutiny.DROP, Scrutiny.PERSON, Scrutiny.READ, Scrutiny.NONE)


def triage(datasets: Sequence[Dataset]) -> TriageDecision:
    """The scrutiny of a series from its headers; pixels are not touched.

    The strictest instance decides. A series without instances needs nothing.
    """
    decisions = [_triage_one(dataset) for dataset in datasets]
    if not decisions:
        return TriageDecision(Scrutiny.NONE, ("empty",))
    strictest = min((d.scrutiny for d in decisions), key=_STRICTEST_FIRST.index)
    reasons = sorted({r for d in decisions if d.scrutiny is strictest for r in d.reasons})
    return TriageDecision(strictest, tuple(reasons))


def _triage_one(dataset: Dataset) -> TriageDecision:
    sop_class = str(dataset.get("SOPClassUID") or "")
    if "Rows" not in dataset:
        return TriageDecision(Scrutiny.NONE, ("no-pixels",))
    if sop_class == _SLIDE:
        return _triage_slide(_image_type(dataset))
    if sop_class in _COMPUTED:
        return TriageDecision(Scrutiny.NONE, ("computed-values",))
    reasons = _person_reasons(dataset, sop_class)
    if reasons:
        return TriageDecision(Scrutiny.PERSON, tuple(reasons))
    return TriageDecision(Scrutiny.READ, (str(dataset.get("Modality") or "image").lower(),))


def _person_reasons(dataset: Dataset, sop_class: str) -> list[str]:
    reasons = []
    if _SECONDARY_CAPTURE.match(sop_class):
        reasons.append("secondary-capture")
    if sop_class in _FILM:
        reasons.append("film")
    if sop_class in _PHOTOGRAPHS:
        reasons.append("photograph")
    if any(_SCREEN.search(value) for value in _image_type(dataset)[2:]):
        reasons.append("screen-or-report")
    if str(dataset.get("Modality") or "") in _PERSON_MODALITIES:
        reasons.append("modality-other")
    if str(dataset.get("ConversionType") or "") in _CONVERTED and "secondary-capture" not in reasons:
        reasons.append("converted")
    if str(dataset.get("BurnedInAnnotation") or "").upper() == "YES":
        reasons.append("says-burned-in")
    return reasons


def _triage_slide(image_type: list[str]) -> TriageDecision:
    for flavor in ("LABEL", "OVERVIEW"):
        if flavor in image_type:
            return TriageDecision(Scrutiny.DROP, (f"slide-{flavor.lower()}",))
    return TriageDecision(Scrutiny.NONE, ("slide-tissue",))


def _image_type(dataset: Dataset) -> list[str]:
    value = dataset.get("ImageType")
    if value is None:
        return []
    return [value.upper()] if isinstance(value, str) else [str(part).upper() for part in value]
