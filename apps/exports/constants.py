"""Words of the room."""

from __future__ import annotations

from django.db import models


class ExportFormat(models.TextChoices):
    NIFTI = "nifti"
    DICOM_SEG = "dicom-seg"


class ExportState(models.TextChoices):
    QUEUED = "queued"
    READY = "ready"
    FAILED = "failed"
