"""Background work of the room."""

from __future__ import annotations

import uuid
from typing import Any

from apps.review.services import agreement_compute
from kernel.jobs.registry import job
from kernel.jobs.runner import JobContext


@job("review.compute_agreement", title="Compare the reads of a case", time_limit_s=900)
def compute_agreement(context: JobContext, *, case_id: str) -> dict[str, Any]:
    """Agreement, then consensus or adjudication. Running twice changes nothing."""
    return agreement_compute(context=context, case_id=uuid.UUID(case_id))
