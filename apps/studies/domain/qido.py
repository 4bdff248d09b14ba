"""What a QIDO-RS request asks for (PS3.18 10.6): matching keys, fields, paging. Names are keywords or tags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pydicom.datadict import tag_for_keyword

MAX_LIMIT = 1000
DEFAULT_LIMIT = 100

STUDY_KEYS = {
    "StudyInstanceUID": "study_instance_uid",
    "PatientID": "subject__pseudonym",
    "PatientName": "subject__pseudonym",
    "StudyDate": "study_date",
    "StudyDescription": "description",
    "ModalitiesInStudy": "modalities",
    "AccessionNumber": "attributes__00080050__Value",
    "StudyID": "attributes__00200010__Value",
}
SERIES_KEYS = {
    "SeriesInstanceUID": "series_instance_uid",
    "Modality": "modality",
    "SeriesNumber": "number",
    "SeriesDescription": "description",
}
INSTANCE_KEYS = {"SOPInstanceUID": "sop_instance_uid", "SOPClassUID": "sop_class_uid", "InstanceNumber": "number"}


@dataclass(frozen=True)
class Query:
    """A parsed request. `keys` maps keyword to the text asked for; `ignored` names what is not supported."""

    keys: dict[str, str] = field(default_factory=dict)
    include: frozenset[str] = frozenset()
    include_all: bool = False
    limit: int = DEFAULT_LIMIT
    offset: int = 0
    ignored: tuple[str, ...] = ()


def parse_query(parameters: Mapping[str, Iterable[str]], known: Iterable[str]) -> Query:
    """Read query parameters; `known` are the keywords that may be matched. Raises `ValueError` for a limit that is none."""
    by_name = {keyword: keyword for keyword in known}
    by_name |= {f"{tag_for_keyword(keyword):08X}": keyword for keyword in known}
    keys: dict[str, str] = {}
    include: set[str] = set()
    ignored: list[str] = []
    limit, offset, include_all = DEFAULT_LIMIT, 0, False
    for name, values in parameters.items():
        value = ",".join(values)
        if name == "limit":
            limit = min(max(int(value), 0), MAX_LIMIT)
        elif name == "offset":
            offset = max(int(value), 0)
        elif name == "includefield":
            wanted = [v.strip() for v in value.split(",") if v.strip()]
            include_all |= "all" in wanted
            include |= {_tag(v) for v in wanted if v != "all"}
        elif name == "fuzzymatching":
            if value.lower() == "true":
                ignored.append("fuzzymatching")
        elif name in by_name:
            keys[by_name[name]] = value
        elif name != "accept":
            ignored.append(name)
    return Query(keys, frozenset(include - {""}), include_all, limit, offset, tuple(ignored))


def _tag(name: str) -> str:
    if len(name) == 8 and all(c in "0123456789abcdefABCDEF" for c in name):
        return name.upper()
    tag = tag_for_keyword(name)
    return "" if tag is None else f"{tag:08X}"
