"""Idempotency-Key on POST: the same key from the same person gives the first answer again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from rest_framework.request import Request
from rest_framework.response import Response

from kernel.actors import Actor
from kernel.errors import ConflictError
from kernel.tenancy.models import TenantModel


class IdempotentAnswer(TenantModel):
    """The answer a key got, kept so that a repeated POST does nothing twice."""

    user_id = models.UUIDField(null=True)
    key = models.CharField(max_length=200)
    request_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.JSONField(null=True, encoder=DjangoJSONEncoder)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "user_id", "key"], name="kernel_idempotent_once"),
        ]


def once(request: Request, actor: Actor, act: Callable[[], Response]) -> Response:
    """Run `act` unless this key was answered before.

    Raises `ConflictError` when the key comes back with another request.
    """
    key = request.headers.get("Idempotency-Key", "")[:200]
    if not key:
        return act()
    digest = hashlib.sha256(f"{request.method} {request.path}\n".encode() + request.body).hexdigest()
    known = IdempotentAnswer.objects.filter(user_id=actor.user_id, key=key).first()
    if known is None:
        response = act()
        IdempotentAnswer.objects.create(
            user_id=actor.user_id, key=key, request_digest=digest, status=response.status_code, body=response.data
        )
        return response
    if known.request_digest != digest:
        raise ConflictError(
            "This Idempotency-Key was used for another request.",
            code="idempotency-key-reused",
            remedy="Use a new key for each new request.",
        )
    return Response(known.body, status=known.status)
