"""A patient, as far as this platform knows one: a pseudonym and a key."""

from __future__ import annotations

from django.db import models

from apps.studies.constants import SubjectState
from kernel.tenancy.models import TenantModel


class Subject(TenantModel):
    """A person in one project.

    `patient_digest` is a keyed digest of the original PatientID and issuer under the project's key: it finds the
    subject when more of theirs arrives, and is empty once they are erased. The original is in no table.
    """

    project = models.ForeignKey("projects.Project", on_delete=models.PROTECT, db_constraint=False, related_name="+")
    pseudonym = models.CharField(max_length=64)
    patient_digest = models.CharField(max_length=64, blank=True)
    key = models.ForeignKey("kernel.WrappedKey", on_delete=models.PROTECT, db_constraint=False, related_name="+")
    state = models.CharField(max_length=8, choices=SubjectState.choices, default=SubjectState.ACTIVE)
    erased_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "project", "pseudonym"], name="studies_subject_pseudonym"),
            models.UniqueConstraint(
                fields=["tenant_id", "project", "patient_digest"],
                condition=~models.Q(patient_digest=""),
                name="studies_subject_patient",
            ),
        ]

    def __str__(self) -> str:
        return self.pseudonym
