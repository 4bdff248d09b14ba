"""Moving files through their states: what every step writes, in the transaction of the step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from apps.audit.services import events_record
from apps.intake.constants import ACTION_HELD, ACTION_REFUSED
from apps.intake.domain.reasons import Reason
from apps.intake.domain.states import FileState, may_become
from apps.intake.models import IncomingFile
from kernel.actors import Actor

_FIELDS = [
    "state", "reason_code", "reason_title", "reason_remedy", "where", "subject", "series_digest", "instance_digest",
    "series_id", "instance_id", "blob", "released_for", "decided_by", "decided_at",
]  # fmt: skip
_TOLD = {FileState.HELD: ACTION_HELD, FileState.REFUSED: ACTION_REFUSED}


def move(file: IncomingFile, state: FileState, reason: Reason | None = None, *, where: str = "") -> IncomingFile:
    """Put a file into another state, in memory. Raises `ValueError` for a transition the table does not have."""
    if not may_become(FileState(file.state), state):
        raise ValueError(f"a file may not go from {file.state} to {state}")
    file.state = state.value
    file.reason_code, file.reason_title, file.reason_remedy = "", "", ""
    if reason is not None:
        file.reason_code, file.reason_title = reason.code[:60], reason.title[:200]
        file.reason_remedy = reason.remedy[:300]
    file.where = where[:200]
    return file


def save(actor: Actor, files: Sequence[IncomingFile]) -> None:
    """Write files back in one query and record those that were held or refused."""
    IncomingFile.objects.bulk_update(files, _FIELDS, batch_size=500)
    tell(actor, (file for file in files if FileState(file.state) in _TOLD))


def tell(actor: Actor, files: Iterable[IncomingFile]) -> None:
    """Record that files were held or refused."""
    rows = [
        {
            "action": _TOLD[FileState(file.state)],
            "object_kind": "incoming_file",
            "object_id": file.pk,
            "subject_pseudonym": file.subject.pseudonym if file.subject else "",
            "details": {"reason": file.reason_code, "where": file.where, "delivery_id": str(file.delivery_id)},
        }
        for file in files
    ]
    if rows:
        events_record(actor=actor, rows=rows)
