"""Verify a tenant's log from the database, or an exported file alone; write such a file."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

from apps.audit.domain.records import CheckpointRecord
from apps.audit.domain.verification import StoredCheckpoint, StoredEvent, Verdict, verify_log
from apps.audit.models import AuditEvent, Checkpoint
from apps.audit.services.recording import plain
from apps.audit.services.sealing import record_of
from apps.audit.services.signing_key import trusted_keys
from apps.tenants.constants import TenantAction
from apps.tenants.selectors import require_action
from kernel.actors import Actor
from kernel.errors import InvalidError
from kernel.tenancy.scope import current_tenant_id

_KIND = "fiducial-audit-export/1"
_CHUNK = 2000


def verify() -> Verdict:
    """Verify the current tenant's log against its checkpoints and the anchor kept outside."""
    checkpoints = _stored_checkpoints()
    return verify_log(_stored_events(), checkpoints, trusted_keys(), anchor=_anchor(current_tenant_id()))


def verify_for(actor: Actor) -> Verdict:
    """`verify`, for those who may see the trail. Raises `NotFoundError`."""
    require_action(actor, TenantAction.VIEW_AUDIT)
    return verify()


def export(out: TextIO) -> int:
    """Write the current tenant's log as JSON lines: a header, every event, every checkpoint. Returns the number of lines."""
    keys = {
        kid: base64.b64encode(k.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
        for kid, k in trusted_keys().items()
    }
    checkpoints = _stored_checkpoints()
    size = checkpoints[-1].record.size if checkpoints else 0
    _line(
        out,
        {
            "kind": _KIND,
            "tenant_id": str(current_tenant_id()),
            "keys": keys,
            "checkpoints": len(checkpoints),
            "sealed": size,
        },
    )
    lines = 1
    for event in _stored_events():
        if event.leaf_index is None:
            continue
        _line(out, {"leaf_index": event.leaf_index, "leaf_hash": event.leaf_hash, "event": dict(event.fields)})
        lines += 1
    for c in checkpoints:
        _line(out, {"checkpoint": vars(c.record), "signature": c.signature, "key_id": c.key_id})
        lines += 1
    return lines


def verify_file(path: Path, *, trusted: dict[str, Ed25519PublicKey] | None = None) -> Verdict:
    """Verify an exported file alone. Keys come from `trusted`, or else from the file, which then proves only itself whole.

    Raises `InvalidError` when the file is no export.
    """
    with path.open(encoding="utf-8") as file:
        header = _parsed(file.readline())
        if header.get("kind") != _KIND:
            raise InvalidError("This file is not an audit export.", code="not-an-export")
        keys = trusted or {
            kid: Ed25519PublicKey.from_public_bytes(base64.b64decode(k)) for kid, k in header["keys"].items()
        }
        events: list[StoredEvent] = []
        checkpoints: list[StoredCheckpoint] = []
        for line in file:
            row = _parsed(line)
            if "event" in row:
                events.append(StoredEvent(row["leaf_index"], row["leaf_hash"], row["event"]))
            elif "checkpoint" in row:
                checkpoints.append(
                    StoredCheckpoint(CheckpointRecord(**row["checkpoint"]), row["signature"], row["key_id"])
                )
    verdict = verify_log(events, checkpoints, keys)
    if len(checkpoints) != header["checkpoints"] or len(events) != header["sealed"]:
        verdict.add(
            f"the file announces {header['sealed']} events and {header['checkpoints']} checkpoints "
            f"and holds {len(events)} and {len(checkpoints)}: it was cut"
        )
    return verdict


def _stored_events() -> Iterator[StoredEvent]:
    sealed = AuditEvent.objects.filter(sealed__isnull=False).select_related("sealed").order_by("sealed__leaf_index")
    for event in sealed.iterator(chunk_size=_CHUNK):
        yield StoredEvent(event.sealed.leaf_index, event.leaf_hash, plain(event))
    for event in AuditEvent.objects.filter(sealed__isnull=True).order_by("id").iterator(chunk_size=_CHUNK):
        yield StoredEvent(None, event.leaf_hash, plain(event))


def _stored_checkpoints() -> list[StoredCheckpoint]:
    return [StoredCheckpoint(record_of(c), c.signature, c.key_id) for c in Checkpoint.objects.order_by("number")]


def _anchor(tenant_id: uuid.UUID) -> StoredCheckpoint | None:
    if not settings.AUDIT_ANCHOR_DIR:
        return None
    path = Path(settings.AUDIT_ANCHOR_DIR) / f"{tenant_id}.jsonl"
    if not path.exists():
        return None
    last = path.read_text(encoding="utf-8").strip().splitlines()[-1]
    row = _parsed(last)
    signature, signer = row.pop("signature"), row.pop("key_id")
    return StoredCheckpoint(CheckpointRecord(**row), signature, signer)


def _line(out: TextIO, row: dict[str, Any]) -> None:
    out.write(json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n")


def _parsed(line: str) -> dict[str, Any]:
    try:
        row: dict[str, Any] = json.loads(line)
    except json.JSONDecodeError:
        raise InvalidError("A line of the file is not JSON.", code="not-an-export") from None
    return row
