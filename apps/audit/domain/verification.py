"""Finds any edit, deletion, reordering or truncation of a log, from what was stored or exported. Needs no database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from apps.audit.domain import merkle, records

_MOST_PROBLEMS = 100


@dataclass
class Verdict:
    """What a verification found."""

    events: int = 0
    checkpoints: int = 0
    unsealed: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.problems

    def add(self, problem: str) -> None:
        """Note a problem; after a hundred only their number would matter."""
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(problem)


@dataclass(frozen=True)
class StoredEvent:
    """An event with its place in the log (None while unsealed) and the leaf hash stored beside it."""

    leaf_index: int | None
    leaf_hash: str
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class StoredCheckpoint:
    """A checkpoint with its signature."""

    record: records.CheckpointRecord
    signature: str
    key_id: str


def verify_log(
    events: Iterable[StoredEvent],
    checkpoints: Sequence[StoredCheckpoint],
    keys: Mapping[str, Ed25519PublicKey],
    *,
    anchor: StoredCheckpoint | None = None,
) -> Verdict:
    """Check one tenant's log: sealed events in leaf order, then unsealed ones; checkpoints in number order.

    `anchor` is a checkpoint kept outside the database: a log shorter than it, or different from it, was cut or rewritten.
    """
    verdict = Verdict(checkpoints=len(checkpoints))
    _check_chain(checkpoints, keys, verdict)
    expected = {c.record.size: c.record for c in checkpoints}
    tree = merkle.CompactRange()
    for event in events:
        verdict.events += 1
        leaf = merkle.leaf_hash(records.event_bytes(event.fields))
        if leaf.hex() != event.leaf_hash:
            verdict.add(f"event {event.fields['id']} was changed: its content does not give the hash stored with it")
        if event.leaf_index is None:
            verdict.unsealed += 1
            continue
        if event.leaf_index != tree.size:
            verdict.add(
                f"event {event.fields['id']} stands at {event.leaf_index} where {tree.size} is due: events are missing or moved"
            )
        tree = tree.append(leaf)
        checkpoint = expected.pop(tree.size, None)
        if checkpoint and checkpoint.root != tree.root().hex():
            verdict.add(f"checkpoint {checkpoint.number}: the first {checkpoint.size} events do not give its root")
    for record in expected.values():
        if record.size > tree.size:
            verdict.add(
                f"checkpoint {record.number} sealed {record.size} events, the log holds {tree.size}: events were removed"
            )
    if checkpoints and tree.size > checkpoints[-1].record.size:
        verdict.add(
            f"{tree.size - checkpoints[-1].record.size} events carry a place no checkpoint seals: checkpoints were removed"
        )
    _check_anchor(anchor, checkpoints, keys, verdict)
    return verdict


def _check_chain(
    checkpoints: Sequence[StoredCheckpoint], keys: Mapping[str, Ed25519PublicKey], verdict: Verdict
) -> None:
    previous, size = "", 0
    for number, checkpoint in enumerate(checkpoints):
        record = checkpoint.record
        if record.number != number:
            verdict.add(f"checkpoint {record.number} stands where {number} is due: checkpoints are missing or moved")
        if record.previous != previous:
            verdict.add(f"checkpoint {record.number} does not follow the one before it")
        if record.size < size:
            verdict.add(f"checkpoint {record.number} is smaller than the one before it")
        _check_signature(checkpoint, keys, verdict)
        previous, size = record.digest, record.size


def _check_signature(checkpoint: StoredCheckpoint, keys: Mapping[str, Ed25519PublicKey], verdict: Verdict) -> None:
    key = keys.get(checkpoint.key_id)
    if key is None:
        verdict.add(
            f"checkpoint {checkpoint.record.number} was signed by a key that is not trusted here: {checkpoint.key_id}"
        )
    elif not records.signature_is_good(checkpoint.record, checkpoint.signature, key):
        verdict.add(f"checkpoint {checkpoint.record.number}: the signature is not over what it says")


def _check_anchor(
    anchor: StoredCheckpoint | None,
    checkpoints: Sequence[StoredCheckpoint],
    keys: Mapping[str, Ed25519PublicKey],
    verdict: Verdict,
) -> None:
    if anchor is None:
        return
    _check_signature(anchor, keys, verdict)
    if len(checkpoints) <= anchor.record.number:
        verdict.add(
            f"the anchor kept outside names checkpoint {anchor.record.number}, the log ends before it: it was cut off"
        )
    elif checkpoints[anchor.record.number].record.digest != anchor.record.digest:
        verdict.add(f"checkpoint {anchor.record.number} differs from the anchor kept outside: the log was rewritten")
