"""Jobs may die: nothing is lost, nothing is done twice, nobody holds a lease for ever."""

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from kernel.api.idempotency import IdempotentAnswer
from kernel.errors import ConflictError
from kernel.jobs import services
from kernel.jobs.models import Job, JobState
from kernel.jobs.reaper import reap
from kernel.jobs.registry import RetryLaterError, UnknownJobError, definition, job
from kernel.jobs.runner import JobContext, drain, run_job
from kernel.launcher.programs import QUEUES
from kernel.tenancy.scope import tenant_scope


@job("tests.twenty_steps", title="Twenty steps")
def _twenty_steps_run_by_the_worker(context: JobContext, **_: Any) -> None:
    raise AssertionError("only the worker process runs this one")


@job("tests.counts", title="Counts")
def counts(context: JobContext, *, fail: str = "") -> dict[str, int]:
    """Leave a row, then end as asked."""
    with tenant_scope(context.tenant_id):
        IdempotentAnswer.objects.create(key=str(uuid.uuid4()), request_digest="", status=200)
        if fail == "inside":
            raise ZeroDivisionError
    if fail == "later":
        raise RetryLaterError("a peer is away")
    if fail == "domain":
        raise ConflictError("Two things collide.", code="collided", remedy="Move one of them.")
    context.progress(1, 1, unit="rows")
    return {"rows": 1}


def rows() -> int:
    return IdempotentAnswer.objects.count()


class TestInOneProcess:
    pytestmark = pytest.mark.django_db

    def test_an_unknown_job_fails_in_the_request(self, north: Any) -> None:
        with tenant_scope(north.id), pytest.raises(UnknownJobError):
            services.enqueue("no.such_job")

    def test_a_job_runs_once_and_says_so(self, north: Any) -> None:
        with tenant_scope(north.id):
            made = services.enqueue("tests.counts", actor=north.owner)
            assert drain() == 1
            made.refresh_from_db()
            assert (made.state, made.attempts, made.result, rows()) == (JobState.DONE, 1, {"rows": 1}, 1)
            assert (made.progress_done, made.progress_total, made.progress_unit) == (1, 1, "rows")
            assert run_job(north.id, made.pk) is None
            assert rows() == 1

    def test_a_fault_keeps_nothing_half_done_and_is_tried_again_then_given_up(self, north: Any) -> None:
        with tenant_scope(north.id):
            made = services.enqueue("tests.counts", fail="inside")
            drain()
            made.refresh_from_db()
            assert (made.state, made.attempts, made.error_code, rows()) == (JobState.FAILED, 5, "internal-error", 0)
            assert str(made.pk) in made.error_remedy

    def test_a_refusal_is_not_tried_again_and_names_the_remedy(self, north: Any) -> None:
        with tenant_scope(north.id):
            made = services.enqueue("tests.counts", fail="domain")
            drain()
            made.refresh_from_db()
            assert (made.state, made.attempts, made.error_code) == (JobState.FAILED, 1, "collided")
            assert made.error_remedy == "Move one of them."

    def test_the_same_key_is_one_job_while_it_waits(self, north: Any) -> None:
        with tenant_scope(north.id):
            first = services.enqueue("tests.counts", dedup_key="k")
            assert services.enqueue("tests.counts", dedup_key="k").pk == first.pk
            drain()
            assert services.enqueue("tests.counts", dedup_key="k").pk != first.pk

    def test_a_queued_job_is_cancelled_and_can_be_run_again(self, north: Any) -> None:
        with tenant_scope(north.id):
            made = services.enqueue("tests.counts")
            services.job_cancel(actor=north.owner, job=made)
            assert drain() == 0
            assert services.job_retry(actor=north.owner, job=made).state == JobState.QUEUED
            assert drain() == 1

    def test_who_lost_the_lease_writes_no_more(self, north: Any) -> None:
        with tenant_scope(north.id):
            made = services.enqueue("tests.counts")
            slow = services.claim(made.pk)
            assert slow is not None
            assert services.claim(made.pk) is None
            Job.objects.filter(pk=made.pk).update(lease_until=timezone.now() - dt.timedelta(seconds=1))
            quick = services.claim(made.pk)
            assert quick is not None and quick.run_token != slow.run_token
            services.finish(slow, JobState.FAILED)
            services.report(slow, done=99, total=99, unit="", message="")
            assert services.heartbeat(slow) is False
            made.refresh_from_db()
            assert (made.state, made.progress_done) == (JobState.RUNNING, 0)
            services.finish(quick, JobState.DONE)
            made.refresh_from_db()
            assert made.state == JobState.DONE

    def test_every_job_has_a_queue_that_a_worker_serves(self) -> None:
        from kernel.jobs.registry import _definitions

        assert {d.queue for d in _definitions.values()} <= set(QUEUES)
        assert len(_definitions) >= 5
        assert definition("exports.write").title == "Write export"

    def test_another_tenant_sees_no_job(self, north: Any, south: Any) -> None:
        with tenant_scope(north.id):
            made = services.enqueue("tests.counts")
        with tenant_scope(south.id):
            assert services.claim(made.pk) is None
            assert drain() == 0


@pytest.mark.parametrize("kills", [3])
def test_kill_9_loses_nothing_and_doubles_nothing(
    kills: int, tenant: Any, start_worker: Any, kill_worker: Any, wait_until: Callable[..., None]
) -> None:
    """Kill the worker three times in the middle of its work; the fourth finishes: every step once, one result."""
    with tenant_scope(tenant.pk):
        made = services.enqueue("tests.twenty_steps", pause_ms=400)

    def done_steps() -> int:
        with tenant_scope(tenant.pk):
            return rows()

    def state() -> str:
        reap()
        with tenant_scope(tenant.pk):
            return str(Job.objects.get(pk=made.pk).state)

    for round_number in range(kills):
        worker = start_worker()
        before = done_steps()
        wait_until(lambda before=before: state() is not None and done_steps() > before + 1)
        assert state() == JobState.RUNNING, f"it ended before kill {round_number}"
        kill_worker(worker)
    start_worker()
    wait_until(lambda: state() == JobState.DONE)
    with tenant_scope(tenant.pk):
        ended = Job.objects.get(pk=made.pk)
        assert (rows(), ended.result, ended.attempts) == (20, {"steps": 20}, kills + 1)
        assert (ended.progress_done, ended.error_code, ended.run_token) == (20, "", None)
