"""What an erased subject means for exports: their files are noise, and every export that held one is listed."""

from __future__ import annotations

import uuid

from django.db import transaction

from apps.audit.services import events_record
from apps.datasets.selectors import affected_by_subject
from apps.exports.models import Export
from kernel.actors import Actor


@transaction.atomic
def artifacts_note_erased(*, actor: Actor, subject_id: uuid.UUID) -> int:
    """List the exports that held the subject; returns how many. Their bytes went with the subject's secret."""
    exports = list(Export.objects.filter(version__in=affected_by_subject(subject_id)))
    events_record(
        actor=actor,
        rows=[
            {"action": "exports.export.affected_by_erasure", "object_kind": "export", "object_id": export.pk}
            for export in exports
        ],
    )
    return len(exports)
