"""Words of the room."""

from __future__ import annotations

from django.db import models


class SubjectState(models.TextChoices):
    ACTIVE = "active"
    ERASED = "erased"


EXPLICIT_LE = "1.2.840.10008.1.2.1"
IMPLICIT_LE = "1.2.840.10008.1.2"
HTJ2K_RPCL = "1.2.840.10008.1.2.4.202"

ACTION_OPENED = "studies.series.open"
ACTION_RETRIEVED = "studies.instance.retrieve"
ACTION_METADATA = "studies.metadata.read"
ACTION_LISTED = "studies.study.list"
ACTION_ERASED = "studies.subject.erase"

OPEN_WINDOW_S = 900
"""Frames of one series read by one person within this long belong to one opening (docs/decisions)."""
