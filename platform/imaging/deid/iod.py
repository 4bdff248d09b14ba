"""Attribute types of PS3.3 by SOP class: which attributes must be present, and which must have a value."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from imaging.deid.dictionary import DATA


@dataclass(frozen=True)
class Iod:
    """The types of one IOD. Attributes that it does not know are optional, as in a Standard Extended SOP Class."""

    top: dict[str, str]
    nested: dict[str, str]

    def type_of(self, keyword: str, parent: str) -> str:
        """`1`, `1C`, `2`, `2C` or `3` for an attribute; `parent` is the keyword of the sequence it is in, or ""."""
        if parent:
            return self.nested.get(f"{parent}.{keyword}", "3")
        return self.top.get(keyword, "3")


@cache
def _tables() -> dict[str, Any]:
    tables: dict[str, Any] = json.loads(gzip.decompress((DATA / "types.json.gz").read_bytes()))
    return tables


@cache
def iod_of(sop_class_uid: str) -> Iod:
    """The types of a SOP class; an unknown class takes the strictest type that any module gives."""
    tables = _tables()
    iod = tables["classes"].get(sop_class_uid)
    modules = tables["iods"].get(iod, []) if iod else tables["modules"].keys()
    top: dict[str, str] = {}
    for module in modules:
        for keyword, kind in tables["modules"][module].items():
            top[keyword] = min(top.get(keyword, "9"), kind)
    return Iod(top, tables["nested"])


def is_known_class(sop_class_uid: str) -> bool:
    """Whether the maps describe this SOP class."""
    return sop_class_uid in _tables()["classes"]
