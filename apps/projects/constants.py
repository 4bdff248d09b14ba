"""Words of the room: states, roles, and what each role may do in a project."""

from __future__ import annotations

from django.db import models


class ProjectState(models.TextChoices):
    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"


class ProjectRole(models.TextChoices):
    MANAGER = "manager"
    READER = "reader"
    ADJUDICATOR = "adjudicator"
    REVIEWER = "reviewer"
    CUSTOMER = "customer"
    AUDITOR = "auditor"


class ProjectAction(models.TextChoices):
    """Codenames of the object permissions on a project (django-guardian)."""

    VIEW = "view_project"
    MANAGE = "manage_project"
    DELIVER = "deliver_studies"
    VIEW_STUDIES = "view_studies"
    READ = "read_cases"
    ADJUDICATE = "adjudicate_cases"
    REVIEW = "review_cases"
    VIEW_CASES = "view_cases"
    VIEW_DATASETS = "view_datasets"
    CHANGE_DATASETS = "change_datasets"
    PULL_RELEASES = "pull_releases"
    VIEW_TRAIL = "view_trail"
    ERASE = "erase_subjects"


A = ProjectAction
ROLE_ACTIONS: dict[str, frozenset[ProjectAction]] = {
    ProjectRole.MANAGER: frozenset(
        {
            A.VIEW, A.MANAGE, A.DELIVER, A.VIEW_STUDIES, A.VIEW_CASES, A.VIEW_DATASETS, A.CHANGE_DATASETS,
            A.PULL_RELEASES, A.VIEW_TRAIL, A.ERASE,
        }
    ),
    ProjectRole.READER: frozenset({A.VIEW, A.READ}),
    ProjectRole.ADJUDICATOR: frozenset({A.VIEW, A.ADJUDICATE}),
    ProjectRole.REVIEWER: frozenset({A.VIEW, A.REVIEW, A.VIEW_CASES, A.VIEW_STUDIES}),
    # A customer sees releases and nothing upstream: not even the project's page.
    ProjectRole.CUSTOMER: frozenset({A.PULL_RELEASES}),
    ProjectRole.AUDITOR: frozenset({A.VIEW, A.VIEW_STUDIES, A.VIEW_CASES, A.VIEW_DATASETS, A.VIEW_TRAIL}),
}  # fmt: skip
