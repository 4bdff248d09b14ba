"""What happened, said by rooms that lie below the audit room.

The audit room subscribes to `Act` and writes the event in the same transaction; rooms above it call
`apps.audit.services.event_record` themselves.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Literal

from kernel.actors import Actor

Outcome = Literal["allowed", "refused", "failed"]


@dataclass(frozen=True)
class Act:
    """An act or a view, as it goes into the audit trail.

    `action`   `app.noun.verb`.
    `details`  small, plain, without personal data; digests rather than values.
    """

    actor: Actor
    action: str
    object_kind: str
    object_id: uuid.UUID | None = None
    outcome: Outcome = "allowed"
    subject_pseudonym: str = ""
    details: dict[str, str | int | float | bool | None] = field(default_factory=dict)
