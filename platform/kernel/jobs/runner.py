"""Runs one job: claim, heartbeat, function, finish. Used by the Celery worker and by `drain`."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
import uuid
from collections.abc import Iterator
from typing import Any

from django.db import OperationalError, connections

from kernel.actors import Actor, system_actor
from kernel.errors import DomainError
from kernel.jobs import services
from kernel.jobs.models import Job, JobState
from kernel.jobs.registry import CancelledError, RetryLaterError, UnknownJobError, definition
from kernel.tenancy.scope import bound_tenant, current_tenant_id, tenant_scope

_log = logging.getLogger(__name__)

_REPORT_EVERY_S = 0.4


class JobContext:
    """What a job's function gets: whose tenant, on whose behalf, and how to report and to stop."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.tenant_id: uuid.UUID = job.tenant_id
        self.actor: Actor = system_actor(job.tenant_id, request_id=str(job.pk))
        self._stop = threading.Event()
        self._reported_at = 0.0

    def progress(self, done: int, total: int | None = None, *, unit: str = "", message: str = "") -> None:
        """Say how far the work is; written at most every 0.4 s. Raises `CancelledError` once the job is to stop."""
        self.checkpoint()
        now = time.monotonic()
        if done == total or now - self._reported_at >= _REPORT_EVERY_S:
            self._reported_at = now
            with tenant_scope(self.tenant_id):
                services.report(self.job, done=done, total=total, unit=unit, message=message)

    def checkpoint(self) -> None:
        """A place where the job may stop: call it between steps."""
        if self._stop.is_set():
            raise CancelledError

    def stop(self) -> None:
        """Ask the function to end at its next checkpoint."""
        self._stop.set()


def run_job(tenant_id: uuid.UUID, job_id: uuid.UUID) -> JobState | None:
    """Run the job if nobody else does; returns its new state, or None when there was nothing to do."""
    with tenant_scope(tenant_id):
        job = services.claim(job_id)
    if job is None:
        return None
    context = JobContext(job)
    with _heartbeat(context):
        _run(context)
    return JobState(job.state)


def _run(context: JobContext) -> None:
    job = context.job
    try:
        wanted = definition(job.name)
        with bound_tenant(job.tenant_id):
            result = wanted.function(context, **job.arguments)
    except CancelledError:
        _close(context, JobState.CANCELLED)
    except (RetryLaterError, OperationalError) as error:
        _again_or_fail(context, error)
    except (DomainError, UnknownJobError) as error:
        _close(context, JobState.FAILED, error=error if isinstance(error, DomainError) else _internal(job))
    except Exception as error:  # the outermost handler: nothing a job raises may kill the worker
        _log.exception("job failed", extra={"job_id": str(job.pk), "job_name": job.name})
        _again_or_fail(context, error)
    else:
        _close(context, JobState.DONE, result=result or {})


def _again_or_fail(context: JobContext, error: Exception) -> None:
    job = context.job
    wanted = definition(job.name)
    if job.attempts < wanted.max_attempts:
        with tenant_scope(job.tenant_id):
            services.requeue(job, delay_s=services.backoff_s(wanted, job.attempts))
        return
    _close(context, JobState.FAILED, error=error if isinstance(error, DomainError) else _internal(job))


def _close(context: JobContext, state: JobState, **outcome: Any) -> None:
    with tenant_scope(context.tenant_id):
        services.finish(context.job, state, **outcome)


def _internal(job: Job) -> DomainError:
    return DomainError(
        "The work stopped on an error inside the platform. Nothing half-done was kept.",
        code="internal-error",
        remedy=f"Run it again; if it stops once more, give the job's id {job.pk} to your administrator.",
    )


@contextlib.contextmanager
def _heartbeat(context: JobContext) -> Iterator[None]:
    """Renews the lease from a thread of its own, with its own connection, until the block ends."""
    ended = threading.Event()

    def beat() -> None:
        try:
            while not ended.wait(services.HEARTBEAT_S):
                with tenant_scope(context.tenant_id):
                    if not services.heartbeat(context.job):
                        context.stop()
        except OperationalError:
            _log.warning("heartbeat lost the database", extra={"job_id": str(context.job.pk)})
        finally:
            connections.close_all()

    thread = threading.Thread(target=beat, name="job-heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(timeout=5)


def drain(*, limit: int = 1000) -> int:
    """Run the current tenant's queued jobs here and now, in order. For commands and tests; workers do the same by message."""
    tenant_id = current_tenant_id()
    ran = 0
    while ran < limit:
        with tenant_scope(tenant_id):
            waiting = Job.objects.filter(state=JobState.QUEUED).order_by("created_at").values_list("pk", flat=True)
            next_id = waiting.first()
        if next_id is None:
            break
        run_job(tenant_id, next_id)
        ran += 1
    return ran
