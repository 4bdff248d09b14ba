"""Put studies into a project as intake does, without its jobs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from apps.studies.domain.description import describe
from apps.studies.services.admission import Admission, instances_admit
from apps.studies.services.subjects import subjects_for_identities
from kernel.actors import system_actor
from kernel.blobs.services import blobs_write
from kernel.ids import uuid7
from kernel.keys.services import delivery_key_create
from kernel.tenancy.scope import tenant_scope
from tests.world import TenantWorld


def admit(world: TenantWorld, project: Any, files: Sequence[bytes], *, patient: str = "patient") -> SimpleNamespace:
    """Admit files that need no change. Gives `files`, `instances`, `study`, `series`, `subject`."""
    with tenant_scope(world.id):
        subject = subjects_for_identities(project.pk, [patient])[patient]
        quarantine = delivery_key_create(project.pk, uuid7())
        blobs = blobs_write(quarantine, files)
        instances = instances_admit(
            actor=system_actor(world.id),
            subject=subject,
            admissions=[
                Admission(describe(content), None, blob, hashlib.sha256(content).hexdigest())
                for content, blob in zip(files, blobs, strict=True)
            ],
        )
        series = instances[0].series
        return SimpleNamespace(
            files=list(files), instances=instances, study=series.study, series=series, subject=subject
        )
