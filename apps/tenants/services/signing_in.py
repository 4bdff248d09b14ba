"""Signing in and out with a local account."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from typing import Any

from django.contrib.auth import authenticate, login, logout
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from apps.tenants import selectors
from apps.tenants.models import PersonSession, SignInAttempt, User
from apps.tenants.services import second_factor
from kernel.actors import Actor
from kernel.acts import Act, Outcome
from kernel.errors import DomainError, NotFoundError, TooManyAttemptsError
from kernel.events import publish
from kernel.tenancy.scope import tenant_scope

_WINDOW = dt.timedelta(minutes=15)
_MOST_FAILURES = 10


class InvalidCredentialsError(DomainError):
    code = "invalid-credentials"
    status = 401
    title = "E-mail address or password is wrong"
    remedy = "Check both, or ask your administrator to set a new password."


class OtpRequiredError(DomainError):
    code = "otp-required"
    status = 401
    title = "A code from your authenticator is needed"
    remedy = "Enter the six digits your authenticator shows, or a recovery code."


def sign_in(*, request: HttpRequest, email: str, password: str, otp_code: str, source: str) -> User:
    """Open a session for a local account.

    Raises `InvalidCredentialsError`, `OtpRequiredError`, `TooManyAttemptsError`. Each failure is remembered, by digest
    of the address tried, whether the account exists or not.
    """
    digest = hashlib.sha256(email.strip().lower().encode()).hexdigest()
    recent = SignInAttempt.objects.filter(email_digest=digest, at__gt=timezone.now() - _WINDOW).count()
    if recent >= _MOST_FAILURES:
        raise TooManyAttemptsError(extra={"retry_after_s": int(_WINDOW.total_seconds())})
    known = User.objects.filter(email__iexact=email.strip(), is_service=False).first()
    user = authenticate(request, username=known.email if known else email, password=password)
    if not isinstance(user, User) or user.is_service:
        SignInAttempt.objects.create(email_digest=digest, source=source)
        if known:
            _tell_tenants(known, "tenants.session.refused", source, "refused")
        raise InvalidCredentialsError()
    if user.totp_enabled and not second_factor.accept(user=user, code=otp_code):
        if otp_code:
            SignInAttempt.objects.create(email_digest=digest, source=source)
        raise OtpRequiredError()
    SignInAttempt.objects.filter(email_digest=digest).delete()
    open_session(request=request, user=user, source=source, backend="django.contrib.auth.backends.ModelBackend")
    return user


def open_session(*, request: HttpRequest, user: User, source: str, backend: str) -> None:
    """Start a fresh session (its key rotates) and say so in every tenant the person belongs to."""
    login(request, user, backend=backend)
    request.session["source"] = source
    _tell_tenants(user, "tenants.session.opened", source)


def sign_out(*, request: HttpRequest, source: str) -> None:
    """End this session."""
    user = request.user
    logout(request)
    if isinstance(user, User):
        _tell_tenants(user, "tenants.session.closed", source)


def session_revoke(*, user: User, session_id: uuid.UUID, source: str) -> None:
    """End another browser's session of the same person. Raises `NotFoundError`."""
    with transaction.atomic():
        ended, _ = PersonSession.objects.filter(user_id=user.pk, public_id=session_id).delete()
    if not ended:
        raise NotFoundError()
    _tell_tenants(user, "tenants.session.revoked", source)


def _tell_tenants(user: User, action: str, source: str, outcome: Outcome = "allowed") -> None:
    memberships: list[dict[str, Any]] = selectors.memberships_of(user)
    for membership in memberships:
        actor = Actor("person", membership["id"], user=user, role=membership["role"], source=source)
        with tenant_scope(membership["id"]):
            publish(Act(actor, action, "user", user.pk, outcome=outcome))
