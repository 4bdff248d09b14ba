"""The manifest of a dataset version: what is in it, by digest. Its canonical bytes are the version's identity.

Canonical bytes: a kind and version line, then JSON with sorted keys and no spaces, UTF-8. Members stand in the order of
their case label. No time, no person and no message is part of it, so the same content is the same version.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

KIND = b"fiducial-dataset-manifest/1\n"
MEMBER_KIND = b"fiducial-dataset-member/1\n"


@dataclass(frozen=True)
class InstanceEntry:
    """One image instance: its UID in the project and the SHA-256 of its stored bytes."""

    sop_instance_uid: str
    sha256: str


@dataclass(frozen=True)
class SeriesEntry:
    """One series with the revision of the labels that were settled on it."""

    series_instance_uid: str
    modality: str
    instances: tuple[InstanceEntry, ...]
    label_revision: int
    label_digest: str


@dataclass(frozen=True)
class MemberEntry:
    """One settled case. `reference` says how its labels came to be: consensus or adjudication."""

    case: str
    subject: str
    split: str
    study_instance_uid: str
    series: tuple[SeriesEntry, ...]
    reference: str
    reference_read: str
    readers: int
    settled_at: str
    nothing_found: bool

    @property
    def leaf(self) -> str:
        """SHA-256 of the member's canonical bytes, hex."""
        return hashlib.sha256(MEMBER_KIND + _canonical(asdict(self))).hexdigest()


@dataclass(frozen=True)
class Manifest:
    """Everything a version is."""

    project: str
    dataset: str
    label_schema_version: int
    label_schema_digest: str
    charter_digest: str
    deidentification_policy: str
    terminology_edition: str
    classes: tuple[Mapping[str, Any], ...]
    members: tuple[MemberEntry, ...]

    def canonical_bytes(self) -> bytes:
        """What is hashed, stored and given to the customer."""
        plain = asdict(self)
        plain["members"] = [asdict(m) for m in sorted(self.members, key=lambda m: (m.case, m.study_instance_uid))]
        plain["classes"] = sorted((dict(c) for c in self.classes), key=lambda c: c["number"])
        return KIND + _canonical(plain)

    @property
    def digest(self) -> str:
        """The version's id: SHA-256 of the canonical bytes, hex."""
        return hashlib.sha256(self.canonical_bytes()).hexdigest()


def parse(data: bytes) -> Manifest:
    """A manifest from its canonical bytes. Raises `ValueError` for anything else."""
    if not data.startswith(KIND):
        raise ValueError("these bytes are not a dataset manifest of version 1")
    plain = json.loads(data[len(KIND) :])
    members = tuple(_member(m) for m in plain.pop("members"))
    manifest = Manifest(classes=tuple(plain.pop("classes")), members=members, **plain)
    if manifest.canonical_bytes() != data:
        raise ValueError("these bytes are not in canonical form")
    return manifest


def _member(plain: dict[str, Any]) -> MemberEntry:
    series = tuple(
        SeriesEntry(**{**s, "instances": tuple(InstanceEntry(**i) for i in s["instances"])}) for s in plain["series"]
    )
    return MemberEntry(**{**plain, "series": series})


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def difference(old: Sequence[MemberEntry], new: Sequence[MemberEntry]) -> dict[str, list[str]]:
    """Which cases were added, removed or changed between two versions."""
    before, after = {m.case: m.leaf for m in old}, {m.case: m.leaf for m in new}
    return {
        "added": sorted(after.keys() - before.keys()),
        "removed": sorted(before.keys() - after.keys()),
        "changed": sorted(c for c in before.keys() & after.keys() if before[c] != after[c]),
    }
