"""Reads of the room, and its doors."""

from apps.tasks.selectors.cases import (
    case_by_id,
    case_counts,
    case_list_of,
    flag_text,
    flagged_count,
    flags_of,
    rationale_of,
    read_by_id,
    reads_by_id,
    reads_of_cases,
    reads_wanted,
    signed_per_day,
    signed_reads,
    state_counts,
)
from apps.tasks.selectors.doors import (
    assignment_of,
    granted_study_ids,
    handle_for_writing,
    handle_of,
    handles_of,
    read_get_for,
)
from apps.tasks.selectors.read_page import read_page, register_briefing
from apps.tasks.selectors.worklist import worklist_counts, worklist_for, worklist_rows

__all__ = [
    "assignment_of",
    "case_by_id",
    "case_counts",
    "case_list_of",
    "flag_text",
    "flagged_count",
    "flags_of",
    "granted_study_ids",
    "handle_for_writing",
    "handle_of",
    "handles_of",
    "rationale_of",
    "read_by_id",
    "read_get_for",
    "read_page",
    "reads_by_id",
    "reads_of_cases",
    "reads_wanted",
    "register_briefing",
    "signed_per_day",
    "signed_reads",
    "state_counts",
    "worklist_counts",
    "worklist_for",
    "worklist_rows",
]
