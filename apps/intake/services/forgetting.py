"""After an erasure: what quarantine still knows of a subject goes too."""

from __future__ import annotations

import uuid

from apps.intake.domain.states import OPEN, FileState
from apps.intake.models import IncomingFile, PhiFinding


def files_forget(*, subject_id: uuid.UUID) -> None:
    """Drop digests that could confirm a guess about an erased subject's files; files not yet admitted are refused."""
    rows = IncomingFile.objects.filter(subject_id=subject_id)
    PhiFinding.objects.filter(file__in=rows).delete()
    waiting = [*(state.value for state in OPEN), FileState.HELD.value]
    rows.filter(state__in=waiting).update(
        state=FileState.REFUSED.value, reason_code="erased", reason_title="The subject was erased", reason_remedy=""
    )
    rows.update(sha256="", series_digest="", instance_digest="")
