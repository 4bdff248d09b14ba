"""Type 1 and type 2 attributes that an instance must have and has not.

The tables are those of PS3.3 as highdicom ships them. Conditional types (1C, 2C) are left out: most of their
conditions are prose, and a guess would cry wolf.

Source: DICOM PS3.5 section 7.4 (data element types), PS3.3 annex A (IOD module tables).
"""

from __future__ import annotations

import importlib.resources
import json
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset

from imaging.scan import tag_text

_FUNCTIONAL_GROUPS = ("PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence")
_TEXT_VRS = ("AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UR", "UT")
_META = (
    "FileMetaInformationVersion",
    "MediaStorageSOPClassUID",
    "MediaStorageSOPInstanceUID",
    "TransferSyntaxUID",
    "ImplementationClassUID",
)


@dataclass(frozen=True, slots=True)
class MissingAttribute:
    """`problem`: absent (type 1 or 2) or empty (type 1). `path` is the sequences it lies in."""

    keyword: str
    kind: Literal["1", "2"]
    problem: Literal["absent", "empty"]
    module: str
    path: tuple[str, ...] = ()

    @property
    def tag(self) -> str:
        """The tag as the standard prints it."""
        tag = tag_for_keyword(self.keyword)
        return "" if tag is None else tag_text(tag)


@dataclass(frozen=True, slots=True)
class _Required:
    keyword: str
    tag: int
    kind: Literal["1", "2"]
    path: tuple[int, ...]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Module:
    key: str
    mandatory: bool
    required: tuple[_Required, ...]
    own_tags: frozenset[int]


@cache
def _tables() -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    base = importlib.resources.files("highdicom") / "_standard"
    names = ("module_attribute_map.json", "iod_module_map.json", "sop_class_iod_map.json")
    modules, iods, classes = (json.loads((base / name).read_text(encoding="utf-8")) for name in names)
    return modules, iods, classes


@cache
def _modules_of(sop_class_uid: str) -> tuple[_Module, ...] | None:
    modules, iods, classes = _tables()
    iod = classes.get(sop_class_uid)
    if iod is None:
        return None
    # An SR item's attributes depend on its value type; the tables list them all as required.
    entries = [entry for entry in iods[iod] if entry["key"] in modules and entry["key"] != "sr-document-content"]
    # PS3.3 C.8.6.1: the SC Equipment Module overrides the type of Modality.
    relaxed = {"Modality"} if any(entry["key"] == "sc-equipment" for entry in entries) else set()
    owners: dict[int, int] = {}
    for entry in entries:
        for tag in _top_tags(modules[entry["key"]]):
            owners[tag] = owners.get(tag, 0) + 1
    return tuple(
        _Module(
            key=entry["key"],
            mandatory=entry["usage"] == "M",
            required=_required([a for a in modules[entry["key"]] if a["keyword"] not in relaxed]),
            own_tags=frozenset(t for t in _top_tags(modules[entry["key"]]) if owners[t] == 1),
        )
        for entry in entries
    )


def _top_tags(attributes: list[dict[str, Any]]) -> set[int]:
    tags = (tag_for_keyword(a["keyword"]) for a in attributes if not a["path"])
    return {tag for tag in tags if tag is not None}


def _required(attributes: list[dict[str, Any]]) -> tuple[_Required, ...]:
    found = []
    for attribute in attributes:
        if attribute["type"] not in ("1", "2"):
            continue
        tag = tag_for_keyword(attribute["keyword"])
        path = [tag_for_keyword(name) for name in attribute["path"]]
        if tag is None or None in path or _depends(attribute):
            continue
        found.append(
            _Required(
                attribute["keyword"],
                tag,
                attribute["type"],
                tuple(t for t in path if t is not None),
                tuple(attribute["path"]),
            )
        )
    return tuple(found)


def _depends(attribute: dict[str, Any]) -> bool:
    """Whether the tables' type holds only within a choice: which macros a group needs, which item an SR holds."""
    path = attribute["path"]
    return tuple(path[-1:]) in {(name,) for name in _FUNCTIONAL_GROUPS} or "ContentSequence" in path


def is_known(sop_class_uid: str) -> bool:
    """Whether the tables describe this SOP class."""
    return _modules_of(sop_class_uid) is not None


def missing_attributes(dataset: Dataset) -> list[MissingAttribute]:
    """Type 1 and 2 attributes of the instance's SOP class that are absent, or type 1 and empty.

    Optional modules count once one of their own attributes is there. Empty for an unknown SOP class.
    """
    modules = _modules_of(str(dataset.get("SOPClassUID", "")))
    if modules is None:
        return []
    present = {int(tag) for tag in dataset.keys()}
    missing: dict[tuple[tuple[str, ...], str], MissingAttribute] = {}
    for module in modules:
        if not module.mandatory and not module.own_tags & present:
            continue
        for required in module.required:
            problem = _problem(dataset, required)
            key = (required.names, required.keyword)
            if problem is not None and (key not in missing or required.kind < missing[key].kind):
                missing[key] = MissingAttribute(required.keyword, required.kind, problem, module.key, required.names)
    groups = (
        [] if str(dataset.get("DimensionOrganizationType", "")) == "TILED_FULL" else _missing_groups(modules, present)
    )
    return list(missing.values()) + groups + _missing_meta(dataset)


def _missing_groups(modules: tuple[_Module, ...], present: set[int]) -> list[MissingAttribute]:
    """The tables give the functional groups as conditional; an enhanced image without them has no geometry."""
    key = "multi-frame-functional-groups"
    if not any(module.key.endswith(key) and module.mandatory for module in modules) or 0x52009230 in present:
        return []
    return [MissingAttribute("PerFrameFunctionalGroupsSequence", "1", "absent", key)]


def _missing_meta(dataset: Dataset) -> list[MissingAttribute]:
    meta = getattr(dataset, "file_meta", None) or Dataset()
    return [MissingAttribute(keyword, "1", "absent", "file-meta") for keyword in _META if keyword not in meta]


def _problem(dataset: Dataset, required: _Required) -> Literal["absent", "empty"] | None:
    worst: Literal["absent", "empty"] | None = None
    for item in _items(dataset, required.path):
        if required.tag not in item:
            return "absent"
        if required.kind == "1" and _is_empty(item, required.tag):
            worst = "empty"
    return worst


def _items(dataset: Dataset, path: tuple[int, ...]) -> list[Dataset]:
    level = [dataset]
    for tag in path:
        level = [
            inner for item in level if tag in item for inner in (item[tag].value or []) if isinstance(inner, Dataset)
        ]
    return level


def _is_empty(item: Dataset, tag: int) -> bool:
    element = item.get_item(tag)
    value = getattr(element, "value", None)
    if value is None:
        return True
    if isinstance(value, bytes):
        return not (value.strip(b" \0") if element is not None and element.VR in _TEXT_VRS else value)
    return bool(item[tag].is_empty)
