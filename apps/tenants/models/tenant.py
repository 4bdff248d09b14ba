"""A tenant and the region its data stay in."""

from __future__ import annotations

from django.db import models

from kernel.ids import uuid7


class Region(models.Model):
    """Where bytes are stored and which queues work on them."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=100)


class Tenant(models.Model):
    """An organisation. Its id is what every row-level policy compares with; the row itself holds only name and address."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=100)
    region = models.ForeignKey(Region, on_delete=models.PROTECT)
    created_at = models.DateTimeField(auto_now_add=True)
