"""The session: who am I, sign in, sign out, second factor. Lives outside every tenant."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.middleware.csrf import get_token
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.tenants import selectors
from apps.tenants.api import serializers as s
from apps.tenants.services import second_factor, signing_in
from kernel.api.addresses import client_address
from kernel.api.problems import ensure_csrf
from kernel.api.views import PublicView, SignedInView
from kernel.errors import NotFoundError, SignedOutError


def signed_in(request: Request) -> selectors.Person:
    """Who is signed in. Raises `SignedOutError`."""
    user = selectors.person_of(request._request)
    if user is None:
        raise SignedOutError()
    return user


def account_owner(request: Request) -> selectors.Person:
    """Who is signed in, where they may change how they sign in everywhere.

    A tenant's provider vouches for a person in that tenant only, so a session it opened does not reach the account.
    Raises `SignedOutError`, `NotFoundError`.
    """
    user = signed_in(request)
    if selectors.tenant_of_session(request._request.session) is not None:
        raise NotFoundError()
    return user


def session_body(request: Request) -> dict[str, Any]:
    """What the page needs first."""
    user = selectors.person_of(request._request)
    only_tenant = selectors.tenant_of_session(request._request.session)
    return s.SessionOut(
        {
            "signed_in": user is not None,
            "user": user,
            "tenants": selectors.memberships_of(user, only_tenant=only_tenant) if user else [],
            "socket_url": settings.SOCKET_URL.replace("http", "ws", 1),
            "idle_timeout_s": settings.SESSION_IDLE_TIMEOUT_S,
            "version": "0.1.0",
            "csrf_token": get_token(request._request),
        }
    ).data


class SessionView(PublicView):
    @extend_schema(operation_id="session_get", responses=s.SessionOut)
    def get(self, request: Request) -> Response:
        """Who is signed in, and where they may go."""
        return Response(session_body(request))


class SignInView(PublicView):
    @extend_schema(operation_id="session_sign_in", request=s.SignInIn, responses=s.SessionOut)
    def post(self, request: Request) -> Response:
        """Open a session with a local account."""
        ensure_csrf(request)
        body = s.SignInIn(data=request.data)
        body.is_valid(raise_exception=True)
        signing_in.sign_in(request=request._request, source=client_address(request._request), **body.validated_data)
        return Response(session_body(request))


class SignOutView(PublicView):
    @extend_schema(operation_id="session_sign_out", request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        """Close the session."""
        ensure_csrf(request)
        signing_in.sign_out(request=request._request, source=client_address(request._request))
        return Response(status=204)


class DiscoverView(PublicView):
    @extend_schema(operation_id="session_discover", request=s.DiscoverIn, responses=s.DiscoverOut)
    def post(self, request: Request) -> Response:
        """How people of this mail domain sign in. Says nothing about whether the account exists."""
        body = s.DiscoverIn(data=request.data)
        body.is_valid(raise_exception=True)
        route = selectors.route_for_email(body.validated_data["email"])
        if route is None:
            return Response({"method": "password"})
        tenant = route[0].slug
        return Response({"method": "oidc", "tenant": tenant, "sign_in_url": f"/t/{tenant}/oidc/sign-in"})


class BrowserSessionsView(SignedInView):
    @extend_schema(operation_id="session_browser_list", responses=s.BrowserSessionOut(many=True))
    def get(self, request: Request) -> Response:
        """The person's signed-in browsers."""
        rows = selectors.sessions_of(signed_in(request), asking=request._request.session)
        context = {"session_key": request._request.session.session_key}
        return Response(s.BrowserSessionOut(rows, many=True, context=context).data)


class BrowserSessionView(SignedInView):
    @extend_schema(operation_id="session_browser_revoke", responses={204: None})
    def delete(self, request: Request, session_id: uuid.UUID) -> Response:
        """Sign another browser out."""
        source = client_address(request._request)
        signing_in.session_revoke(user=account_owner(request), session_id=session_id, source=source)
        return Response(status=204)


class TotpView(SignedInView):
    @extend_schema(operation_id="session_totp_enrol", request=None, responses=s.TotpEnrolOut)
    def post(self, request: Request) -> Response:
        """Begin a second factor."""
        return Response(second_factor.enrol(user=account_owner(request)))

    @extend_schema(operation_id="session_totp_disable", request=s.CodeIn, responses={204: None})
    def delete(self, request: Request) -> Response:
        """Turn the second factor off."""
        body = s.CodeIn(data=request.data)
        body.is_valid(raise_exception=True)
        second_factor.disable(user=account_owner(request), code=body.validated_data["code"])
        return Response(status=204)


class TotpConfirmView(SignedInView):
    @extend_schema(operation_id="session_totp_confirm", request=s.CodeIn, responses=s.RecoveryCodesOut)
    def post(self, request: Request) -> Response:
        """Turn the second factor on with the first code; answers the recovery codes, once."""
        body = s.CodeIn(data=request.data)
        body.is_valid(raise_exception=True)
        codes = second_factor.confirm(user=account_owner(request), code=body.validated_data["code"])
        return Response({"recovery_codes": codes})
