"""A worker that knows one more job: twenty small steps, each leaving a row. Leases are short, so tests need not wait."""

from __future__ import annotations

import datetime as dt
import sys
import time
from typing import Any

import django

django.setup()

from config.celery import app  # noqa: E402  # needs the app registry
from kernel.api.idempotency import IdempotentAnswer  # noqa: E402  # as above
from kernel.jobs import services  # noqa: E402  # as above
from kernel.jobs.registry import job  # noqa: E402  # as above
from kernel.jobs.runner import JobContext  # noqa: E402  # as above
from kernel.tenancy.scope import tenant_scope  # noqa: E402  # as above

STEPS = 20
services.LEASE = dt.timedelta(seconds=3)
services.HEARTBEAT_S = 1


@job("tests.twenty_steps", title="Twenty steps")
def twenty_steps(context: JobContext, *, pause_ms: int = 100) -> dict[str, Any]:
    """Leave one row a step; a step done before is not done again."""
    for step in range(STEPS):
        with tenant_scope(context.tenant_id):
            known = IdempotentAnswer.objects.filter(key=f"{context.job.pk}/{step}").exists()
            if not known:
                IdempotentAnswer.objects.create(key=f"{context.job.pk}/{step}", request_digest="", status=200)
        if not known:
            time.sleep(pause_ms / 1000)
        context.progress(step + 1, STEPS, unit="steps")
    return {"steps": STEPS}


if __name__ == "__main__":
    app.worker_main([*sys.argv[1:]])
