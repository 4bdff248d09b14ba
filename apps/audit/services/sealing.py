"""The sealer: gives finished events their place in their tenant's log and signs the new root.

Ids commit out of order, so a sealer that went by "everything after the last id" would lose events. It goes by the
transaction horizon instead: an event whose transaction id lies below `pg_snapshot_xmin` is there for good, and nothing
can appear below it any more (PostgreSQL, System Information Functions: pg_current_snapshot).
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections import defaultdict
from pathlib import Path

from django.conf import settings
from django.db import connections, transaction
from django.utils import timezone

from apps.audit.domain import records
from apps.audit.domain.merkle import CompactRange
from apps.audit.models import Checkpoint, SealedLeaf
from apps.audit.services.signing_key import private_key
from kernel.ids import uuid7

_BATCH = 20_000
_LOCK = 0x66696475  # one sealer at a time

_UNSEALED = """
    SELECT e.tenant_id, e.id, e.leaf_hash
    FROM audit_auditevent e
    LEFT JOIN audit_sealedleaf s ON s.event_id = e.id
    WHERE s.event_id IS NULL AND e.transaction_id < pg_snapshot_xmin(pg_current_snapshot())
      AND (%(tenant)s::uuid IS NULL OR e.tenant_id = %(tenant)s::uuid)
    ORDER BY e.tenant_id, e.id
    LIMIT %(limit)s
"""


def seal(*, tenant_id: uuid.UUID | None = None) -> int:
    """Seal what is finished, of one tenant or of all; returns how many events were sealed."""
    sealed = 0
    while True:
        with transaction.atomic(using="system"):
            with connections["system"].cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
                cursor.execute(_UNSEALED, {"tenant": tenant_id, "limit": _BATCH})
                rows = cursor.fetchall()
            by_tenant: dict[uuid.UUID, list[tuple[uuid.UUID, str]]] = defaultdict(list)
            for owner, event_id, leaf in rows:
                by_tenant[owner].append((event_id, leaf))
            checkpoints = [_seal_tenant(owner, events) for owner, events in by_tenant.items()]
        for checkpoint in checkpoints:
            anchor(checkpoint)
        sealed += len(rows)
        if len(rows) < _BATCH:
            return sealed


def _seal_tenant(tenant_id: uuid.UUID, events: list[tuple[uuid.UUID, str]]) -> Checkpoint:
    last = Checkpoint.objects.using("system").filter(tenant_id=tenant_id).order_by("-number").first()
    tree = CompactRange(last.size, tuple(bytes.fromhex(h) for h in last.frontier)) if last else CompactRange()
    leaves = []
    for event_id, leaf in events:
        leaves.append(SealedLeaf(tenant_id=tenant_id, event_id=event_id, leaf_index=tree.size))
        tree = tree.append(bytes.fromhex(leaf))
    SealedLeaf.objects.using("system").bulk_create(leaves, batch_size=2000)
    now = timezone.now()
    record = records.CheckpointRecord(
        tenant_id=str(tenant_id),
        number=last.number + 1 if last else 0,
        size=tree.size,
        root=tree.root().hex(),
        previous=record_of(last).digest if last else "",
        sealed_at=_text(now),
    )
    return Checkpoint.objects.using("system").create(
        id=uuid7(),
        tenant_id=tenant_id,
        number=record.number,
        size=record.size,
        root=record.root,
        previous=record.previous,
        sealed_at=now,
        key_id=records.key_id(private_key().public_key()),
        signature=records.sign(record, private_key()),
        frontier=[h.hex() for h in tree.hashes],
    )


def record_of(checkpoint: Checkpoint) -> records.CheckpointRecord:
    """The signed part of a stored checkpoint."""
    return records.CheckpointRecord(
        tenant_id=str(checkpoint.tenant_id),
        number=checkpoint.number,
        size=checkpoint.size,
        root=checkpoint.root,
        previous=checkpoint.previous,
        sealed_at=_text(checkpoint.sealed_at),
    )


def anchor(checkpoint: Checkpoint) -> None:
    """Keep the newest checkpoint outside the database too, where someone who rules the database cannot reach it."""
    if not settings.AUDIT_ANCHOR_DIR:
        return
    folder = Path(settings.AUDIT_ANCHOR_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    line = json.dumps({**vars(record_of(checkpoint)), "signature": checkpoint.signature, "key_id": checkpoint.key_id})
    with (folder / f"{checkpoint.tenant_id}.jsonl").open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def _text(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
