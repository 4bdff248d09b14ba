"""A policy: Table E.1-1 of PS3.15, profile options and a project's overrides, compiled to one action per attribute.

Precedence, highest first:

1. the project's override of that attribute;
2. the house rules: PatientBirthDate is emptied and never shifted, group lengths and pixel paddings go;
3. the options: where one cleans and another keeps, it is cleaned;
4. the Basic Profile (2025b with the rows of 2026d);
5. for an attribute that the table does not name, the rule of its value representation.

Curves, overlays and private elements are ranges and have rules of their own in the same order.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from imaging.deid.actions import Action, Option, Rule
from imaging.deid.dictionary import DATA, format_tag, keyword_of, parse_tag
from imaging.errors import InputError

TABLE_EDITION = "PS3.15 2025b + rows of 2026d"
POLICIES = DATA / "policies"

_TAG = re.compile(r"\(([0-9A-F]{4}),([0-9A-F]{4})\)")
_BIRTH_DATES = (0x00100030, 0x00100032, 0x00100033, 0x00100034)
_HOUSE_RULES = {tag: Rule(Action.EMPTY_OR_DUMMY, "rule") for tag in _BIRTH_DATES}
# The engine fills these with the subject's pseudonym; a policy may say otherwise.
_PSEUDONYMS = {
    0x00100010: Rule(Action.DUMMY, "rule"),
    0x00100020: Rule(Action.DUMMY, "rule"),
    0x00080050: Rule(Action.DUMMY, "rule"),
}
_ALLOWED_OVERRIDES = frozenset(Action) - {Action.REMOVE_EMPTY_OR_MAP}


@dataclass(frozen=True)
class PolicyDifference:
    """One attribute that two policies treat differently; an action is None where a policy has no rule of its own."""

    tag: str
    keyword: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Policy:
    """One action for every attribute. `rules` by tag, `vr_rules` for what the table does not name."""

    name: str
    version: str
    title: str
    options: frozenset[Option]
    overrides: Mapping[int, Action] = field(default_factory=dict)
    signed: str = "withhold"
    age_cap_years: int = 89
    markers: bool = True

    def __post_init__(self) -> None:
        both = {Option.RETAIN_LONGITUDINAL_FULL, Option.RETAIN_LONGITUDINAL_MODIFIED}
        if both <= self.options:
            raise InputError(
                "A policy cannot both keep and shift dates",
                remedy="Choose one of the two longitudinal options.",
            )
        if any(self.overrides.get(tag) in {Action.CLEAN, Action.KEEP} for tag in _BIRTH_DATES):
            raise InputError(
                "A birth date is emptied or removed, never kept or shifted",
                remedy="Use the age, which is kept up to the cap.",
                tag="(0010,0030)",
            )
        if self.signed not in {"withhold", "remove"}:
            raise InputError("`signed` must be withhold or remove", remedy="Correct the policy file.")

    @cached_property
    def rules(self) -> dict[int, Rule]:
        """The rule of every attribute that has one of its own, by tag."""
        compiled = {tag: self._from_row(row) for tag, row in _rows().items()}
        compiled.update(_HOUSE_RULES)
        compiled.update({tag: rule for tag, rule in _PSEUDONYMS.items()})
        compiled.update({tag: Rule(action, "override") for tag, action in self.overrides.items()})
        return compiled

    @cached_property
    def vr_rules(self) -> dict[str, Rule]:
        """The rule by value representation for attributes that the table does not name."""
        if Option.RETAIN_LONGITUDINAL_FULL in self.options:
            date, time = Action.KEEP, Action.KEEP
        elif Option.RETAIN_LONGITUDINAL_MODIFIED in self.options:
            date, time = Action.CLEAN, Action.KEEP
        else:
            date = time = Action.REMOVE_EMPTY_OR_DUMMY
        uid = Action.KEEP if Option.RETAIN_UIDS in self.options else Action.MAP_UID
        actions = {"PN": Action.EMPTY_OR_DUMMY, "AE": Action.REMOVE_OR_DUMMY, "UR": Action.REMOVE_OR_DUMMY}
        actions |= {"DA": date, "DT": date, "TM": time, "UI": uid, "AS": Action.CLEAN}
        actions |= {vr: Action.CLEAN for vr in ("LT", "ST", "UT")}
        actions |= {vr: Action.SCAN for vr in ("LO", "SH", "UC", "CS", "DS", "IS")}
        return {vr: Rule(action, "rule") for vr, action in actions.items()}

    def rule_for(self, tag: int, vr: str) -> Rule:
        """The rule of a public attribute outside the curve and overlay ranges."""
        rule = self.rules.get(tag)
        if rule is None:
            rule = self.vr_rules.get(vr, _KEEP)
        return rule

    @cached_property
    def canonical(self) -> bytes:
        """Canonical bytes: kind, version, and everything that decides what the policy does."""
        content = {
            "kind": "fiducial-deid-policy",
            "schema": 1,
            "name": self.name,
            "version": self.version,
            "table": TABLE_EDITION,
            "options": sorted(self.options),
            "rules": {format_tag(tag): rule.action for tag, rule in self.rules.items()},
            "vr_rules": {vr: rule.action for vr, rule in self.vr_rules.items()},
            "signed": self.signed,
            "age_cap_years": self.age_cap_years,
            "markers": self.markers,
        }
        return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the canonical bytes, hexadecimal."""
        return hashlib.sha256(self.canonical).hexdigest()

    def as_text(self) -> str:
        """The human-readable twin: what happens to each attribute and why, one line each."""
        lines = [
            f"{self.name} {self.version}: {self.title}",
            f"Table: {TABLE_EDITION}. Digest: {self.digest}.",
            "Options: " + (", ".join(sorted(self.options)) or "none, the Basic Profile alone") + ".",
            f"Objects with digital signatures: {self.signed}. Ages over {self.age_cap_years} become 090Y.",
            "",
        ]
        for tag, rule in sorted(self.rules.items()):
            name = keyword_of(tag) or "unnamed"
            lines.append(f"{format_tag(tag)} {name}: {rule.action.text} [{rule.action}, {rule.origin}]")
        lines.append("")
        for vr, rule in sorted(self.vr_rules.items()):
            lines.append(f"any other {vr}: {rule.action.text} [{rule.action}, {rule.origin}]")
        lines.append("any other number or code: keep. Private: remove unless known safe. Curves, overlays: remove.")
        return "\n".join(lines) + "\n"

    def diff(self, other: Policy) -> list[PolicyDifference]:
        """The attributes and value representations that `other` treats differently, by tag."""
        differences = []
        for tag in sorted(self.rules.keys() | other.rules.keys()):
            mine, theirs = self.rules.get(tag), other.rules.get(tag)
            if (mine and mine.action) != (theirs and theirs.action):
                differences.append(_difference(format_tag(tag), keyword_of(tag), mine, theirs))
        for vr in sorted(self.vr_rules.keys() | other.vr_rules.keys()):
            mine, theirs = self.vr_rules.get(vr), other.vr_rules.get(vr)
            if (mine and mine.action) != (theirs and theirs.action):
                differences.append(_difference(f"VR {vr}", "", mine, theirs))
        return differences

    def _from_row(self, row: Mapping[str, str]) -> Rule:
        chosen = Rule(Action(row["basicProfile"]), "profile")
        for option in sorted(self.options):
            letter = row.get(option.column or "", "")
            if letter == "C" or (letter == "K" and chosen.action is not Action.CLEAN):
                chosen = Rule(Action(letter), option)
        return chosen


_KEEP = Rule(Action.KEEP, "rule")


def _difference(tag: str, keyword: str, before: Rule | None, after: Rule | None) -> PolicyDifference:
    return PolicyDifference(tag, keyword, before.action if before else None, after.action if after else None)


@cache
def _rows() -> dict[int, dict[str, str]]:
    """The rows of Table E.1-1 that name one attribute; ranges are handled by the engine."""
    rows: dict[int, dict[str, str]] = {}
    with (DATA / "table_e1_1.csv").open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            match = _TAG.fullmatch(row["tag"])
            if match:
                rows[int(match[1] + match[2], 16)] = row
    return rows


def table_tags() -> frozenset[int]:
    """The attributes that Table E.1-1 names one by one."""
    return frozenset(_rows())


def ready_made() -> list[str]:
    """Names of the policies that come with the engine."""
    return sorted(path.stem for path in POLICIES.glob("*.toml"))


def load_policy(name_or_path: str | Path) -> Policy:
    """A ready-made policy by name, or one from a TOML or JSON file.

    A file gives `name`, `version`, `title`, `options`, and may give `base` (a ready-made name whose options and
    overrides it extends), `overrides` (keyword or "(gggg,eeee)" to action letter), `signed` and `age_cap_years`.
    Raises InputError for an unknown name, option, attribute or action.
    """
    if str(name_or_path) in ready_made():
        return parse_policy(tomllib.loads((POLICIES / f"{name_or_path}.toml").read_text("utf-8")))
    path = Path(name_or_path)
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise InputError(
            "No such policy",
            remedy=f"Give a file or one of: {', '.join(ready_made())}.",
            path=path,
        ) from error
    try:
        content = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except ValueError as error:
        raise InputError("The policy file cannot be parsed", remedy="Correct its syntax.", path=path) from error
    return parse_policy(content)


def parse_policy(content: Mapping[str, Any]) -> Policy:
    """A policy from the content of its file; see `load_policy`."""
    unknown = content.keys() - {
        "name",
        "version",
        "title",
        "base",
        "options",
        "overrides",
        "signed",
        "age_cap_years",
        "markers",
    }
    if unknown:
        raise InputError(f"Unknown policy entries: {', '.join(sorted(unknown))}", remedy="Remove or correct them.")
    options: set[Option] = set()
    overrides: dict[int, Action] = {}
    if "base" in content:
        base = load_policy(str(content["base"]))
        options |= base.options
        overrides |= base.overrides
    options |= _parse_options(content.get("options", ()))
    overrides |= _parse_overrides(content.get("overrides", {}))
    return Policy(
        name=str(content.get("name", "unnamed")),
        version=str(content.get("version", "1")),
        title=str(content.get("title", "")),
        options=frozenset(options),
        overrides=overrides,
        signed=str(content.get("signed", "withhold")),
        age_cap_years=int(content.get("age_cap_years", 89)),
        markers=bool(content.get("markers", True)),
    )


def _parse_options(names: Iterable[str]) -> set[Option]:
    try:
        return {Option(name) for name in names}
    except ValueError as error:
        known = ", ".join(sorted(Option))
        raise InputError("Unknown profile option", remedy=f"Options are: {known}.") from error


def _parse_overrides(entries: Mapping[str, str]) -> dict[int, Action]:
    overrides = {}
    for name, letter in entries.items():
        tag = parse_tag(name)
        if tag is None or (tag >> 16) % 2:
            raise InputError(
                f"An override names no public attribute: {name}",
                remedy="Use a DICOM keyword or (gggg,eeee).",
            )
        try:
            action = Action(letter)
        except ValueError as error:
            raise InputError(
                f"Unknown action for {name}",
                remedy=f"Actions are: {', '.join(_ALLOWED_OVERRIDES)}.",
            ) from error
        overrides[tag] = action
    return overrides
