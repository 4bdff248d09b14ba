"""Reads of the room, and its doors."""

from apps.review.selectors.adjudicating import adjudication_briefing, shown_read_for
from apps.review.selectors.cases import case_get_for, case_list_for, case_page, case_rows
from apps.review.selectors.overview import project_overview
from apps.review.selectors.references import ReferenceCase, reference_cases_of, reference_standards_for

__all__ = [
    "ReferenceCase",
    "adjudication_briefing",
    "case_get_for",
    "case_list_for",
    "case_page",
    "case_rows",
    "project_overview",
    "reference_cases_of",
    "reference_standards_for",
    "shown_read_for",
]
