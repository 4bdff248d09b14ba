"""The acts of the room."""

from apps.tasks.services.cases import (
    adjudication_open,
    case_move,
    case_tasks_close,
    cases_open,
    computed_read_create,
    computed_read_sign,
    flag_resolve,
)
from apps.tasks.services.claiming import claim_next, leases_expire, read_release, subject_withdraw, task_claim
from apps.tasks.services.reading import case_flag, heartbeat, read_open, read_submit

__all__ = [
    "adjudication_open",
    "case_flag",
    "case_move",
    "case_tasks_close",
    "cases_open",
    "claim_next",
    "computed_read_create",
    "computed_read_sign",
    "flag_resolve",
    "heartbeat",
    "leases_expire",
    "read_open",
    "read_release",
    "read_submit",
    "subject_withdraw",
    "task_claim",
]
