"""Words of the room."""

from __future__ import annotations

from django.db import models


class HowSettled(models.TextChoices):
    CONSENSUS = "consensus"
    ADJUDICATION = "adjudication"


class Decision(models.TextChoices):
    ACCEPTED = "accepted"
    RETURNED = "returned"


SHOWN_LABELS = "ABCDEFGHIJKLMNOPQRST"
"""What reads are called before an adjudicator; a stage has at most 20 readers."""
