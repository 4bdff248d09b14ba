"""What lower rooms tell: a study was admitted, a project's definitions changed."""

from __future__ import annotations

from apps.projects.domain.events import DefinitionsVersioned
from apps.projects.selectors import register_counts
from apps.studies.domain.events import StudyAdmitted, SubjectErased
from apps.studies.selectors import counts_by_project, register_grant
from apps.tasks import services
from apps.tasks.selectors import case_counts, granted_study_ids
from kernel.events import subscribe


def connect() -> None:
    """Subscribe, and lay the rule by which readers open pixels; called once by the app's `ready`."""
    subscribe(StudyAdmitted, on_study_admitted)
    subscribe(SubjectErased, on_subject_erased)
    subscribe(DefinitionsVersioned, on_definitions_versioned)
    register_grant(granted_study_ids)
    register_counts(case_counts)
    register_counts(lambda ids: {project: {"studies": n} for project, n in counts_by_project(ids).items()})


def on_study_admitted(event: StudyAdmitted) -> None:
    services.cases_open(project_id=event.project_id, study_ids=[event.study_id])


def on_definitions_versioned(event: DefinitionsVersioned) -> None:
    services.cases_open(project_id=event.project_id)


def on_subject_erased(event: SubjectErased) -> None:
    services.subject_withdraw(subject_id=event.subject_id)
