"""What the room offers to the rooms below it, and does when they tell it something."""

from __future__ import annotations

from apps.intake.services import admitting, forgetting, storing
from apps.studies.domain.events import SubjectErased
from apps.studies.services.describing import register_deidentification
from apps.studies.services.storing import register_receiver
from kernel.events import subscribe


def connect() -> None:
    """Called once by the app's `ready`."""
    register_receiver(storing.instances_receive)
    register_deidentification(admitting.deidentification_of_series)
    subscribe(SubjectErased, on_subject_erased)


def on_subject_erased(event: SubjectErased) -> None:
    forgetting.files_forget(subject_id=event.subject_id)
