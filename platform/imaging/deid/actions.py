"""The words a policy is written in: actions, options, rules. Source: PS3.15 E.1.1, E.3 and CID 7050."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    """What happens to one attribute. The letters are those of PS3.15 Table E.1-1a; SCAN is ours."""

    KEEP = "K"
    REMOVE = "X"
    EMPTY = "Z"
    DUMMY = "D"
    CLEAN = "C"
    MAP_UID = "U"
    REMOVE_OR_EMPTY = "X/Z"
    REMOVE_OR_DUMMY = "X/D"
    EMPTY_OR_DUMMY = "Z/D"
    REMOVE_EMPTY_OR_DUMMY = "X/Z/D"
    REMOVE_EMPTY_OR_MAP = "X/Z/U*"
    SCAN = "S"

    @property
    def text(self) -> str:
        """The action in words."""
        return _WORDS[self]


_WORDS = {
    Action.KEEP: "keep",
    Action.REMOVE: "remove",
    Action.EMPTY: "empty",
    Action.DUMMY: "replace by a dummy",
    Action.CLEAN: "clean",
    Action.MAP_UID: "map the UID",
    Action.REMOVE_OR_EMPTY: "remove, or empty where the object needs it",
    Action.REMOVE_OR_DUMMY: "remove, or a dummy where the object needs a value",
    Action.EMPTY_OR_DUMMY: "empty, or a dummy where the object needs a value",
    Action.REMOVE_EMPTY_OR_DUMMY: "remove, empty or a dummy, the first that the object allows",
    Action.REMOVE_EMPTY_OR_MAP: "keep the references with mapped UIDs",
    Action.SCAN: "keep unless something in it looks like an identifier",
}


class Option(StrEnum):
    """The options of PS3.15 E.3, named as policies write them."""

    CLEAN_PIXEL_DATA = "clean-pixel-data"
    CLEAN_RECOGNIZABLE_VISUAL_FEATURES = "clean-recognizable-visual-features"
    CLEAN_GRAPHICS = "clean-graphics"
    CLEAN_STRUCTURED_CONTENT = "clean-structured-content"
    CLEAN_DESCRIPTORS = "clean-descriptors"
    RETAIN_LONGITUDINAL_FULL = "retain-longitudinal-full"
    RETAIN_LONGITUDINAL_MODIFIED = "retain-longitudinal-modified"
    RETAIN_PATIENT_CHARACTERISTICS = "retain-patient-characteristics"
    RETAIN_DEVICE = "retain-device"
    RETAIN_UIDS = "retain-uids"
    RETAIN_SAFE_PRIVATE = "retain-safe-private"
    RETAIN_INSTITUTION = "retain-institution"

    @property
    def code(self) -> tuple[str, str]:
        """Code value and meaning in CID 7050 (scheme DCM)."""
        return _CODES[self]

    @property
    def column(self) -> str | None:
        """The option's column in the table, None for those that concern pixels only."""
        return _COLUMNS.get(self)


BASIC_CODE = ("113100", "Basic Application Confidentiality Profile")

_CODES = {
    Option.CLEAN_PIXEL_DATA: ("113101", "Clean Pixel Data Option"),
    Option.CLEAN_RECOGNIZABLE_VISUAL_FEATURES: ("113102", "Clean Recognizable Visual Features Option"),
    Option.CLEAN_GRAPHICS: ("113103", "Clean Graphics Option"),
    Option.CLEAN_STRUCTURED_CONTENT: ("113104", "Clean Structured Content Option"),
    Option.CLEAN_DESCRIPTORS: ("113105", "Clean Descriptors Option"),
    Option.RETAIN_LONGITUDINAL_FULL: (
        "113106",
        "Retain Longitudinal Temporal Information Full Dates Option",
    ),
    Option.RETAIN_LONGITUDINAL_MODIFIED: (
        "113107",
        "Retain Longitudinal Temporal Information Modified Dates Option",
    ),
    Option.RETAIN_PATIENT_CHARACTERISTICS: ("113108", "Retain Patient Characteristics Option"),
    Option.RETAIN_DEVICE: ("113109", "Retain Device Identity Option"),
    Option.RETAIN_UIDS: ("113110", "Retain UIDs Option"),
    Option.RETAIN_SAFE_PRIVATE: ("113111", "Retain Safe Private Option"),
    Option.RETAIN_INSTITUTION: ("113112", "Retain Institution Identity Option"),
}

_COLUMNS = {
    Option.CLEAN_GRAPHICS: "cleanGraphOpt",
    Option.CLEAN_STRUCTURED_CONTENT: "cleanStructContOpt",
    Option.CLEAN_DESCRIPTORS: "cleanDescOpt",
    Option.RETAIN_LONGITUDINAL_FULL: "rtnLongFullDatesOpt",
    Option.RETAIN_LONGITUDINAL_MODIFIED: "rtnLongModifDatesOpt",
    Option.RETAIN_PATIENT_CHARACTERISTICS: "rtnPatCharsOpt",
    Option.RETAIN_DEVICE: "rtnDevIdOpt",
    Option.RETAIN_UIDS: "rtnUIDsOpt",
    Option.RETAIN_SAFE_PRIVATE: "rtnSafePrivOpt",
    Option.RETAIN_INSTITUTION: "rtnInstIdOpt",
}


@dataclass(frozen=True)
class Rule:
    """One action and where it comes from: `profile`, an option's name, `rule` (this engine's own) or `override`."""

    action: Action
    origin: str
