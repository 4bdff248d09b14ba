"""What an erased subject means for versions: they are listed, and can no longer be rebuilt whole."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.utils import timezone

from apps.audit.services import events_record
from apps.datasets import selectors
from apps.datasets.models import Member
from kernel.actors import Actor


@transaction.atomic
def members_mark_erased(*, actor: Actor, subject_id: uuid.UUID) -> int:
    """Mark every membership of the subject; returns how many versions are affected."""
    affected = selectors.affected_by_subject(subject_id)
    Member.objects.filter(subject_id=subject_id, erased_at__isnull=True).update(erased_at=timezone.now())
    events_record(
        actor=actor,
        rows=[
            {
                "action": "datasets.version.affected_by_erasure",
                "object_kind": "dataset_version",
                "object_id": version.pk,
                "object_label": f"{version.dataset.slug}@{version.digest[:12]}",
            }
            for version in affected
        ],
    )
    return len(affected)
