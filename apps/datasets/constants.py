"""Words of the room."""

from __future__ import annotations

from django.db import models


class ReleaseState(models.TextChoices):
    DRAFT = "draft"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"
