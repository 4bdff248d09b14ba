"""Sign-in through a tenant's own identity provider: mozilla-django-oidc, with each tenant's settings.

The request stands under /t/<tenant>/oidc/…, so the tenant is known before anybody is.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import get_script_prefix, set_script_prefix
from mozilla_django_oidc.views import OIDCAuthenticationCallbackView, OIDCAuthenticationRequestView

from apps.tenants.services import oidc
from kernel.api.problems import problem_response
from kernel.errors import NotFoundError

log = logging.getLogger(__name__)


@contextlib.contextmanager
def _addresses_below(prefix: str) -> Iterator[None]:
    """`reverse` gives addresses under the tenant's prefix, which was taken off the path before it was matched."""
    before = get_script_prefix()
    set_script_prefix(f"{prefix}/")
    try:
        yield
    finally:
        set_script_prefix(before)


class _WithProvider:
    """Reads the library's settings from the tenant's provider instead of Django's settings."""

    request: HttpRequest

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            self.settings = oidc.settings_for(request)
        except NotFoundError as refusal:
            return problem_response(refusal)
        self.OIDC_OP_AUTH_ENDPOINT = self.settings["OIDC_OP_AUTHORIZATION_ENDPOINT"]
        self.OIDC_RP_CLIENT_ID = self.settings["OIDC_RP_CLIENT_ID"]
        with _addresses_below(f"/t/{oidc.tenant_slug(request)}"):
            return super().dispatch(request, *args, **kwargs)  # type: ignore[misc, no-any-return]  # Django's View

    def get_settings(self, attr: str, *args: Any) -> Any:
        return oidc.setting(getattr(self, "settings", {}), attr, *args)


class OidcSignInView(_WithProvider, OIDCAuthenticationRequestView):
    """Sends the browser to the tenant's provider (code flow with PKCE)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # The library's constructor reads endpoints from global settings; ours come with the request.
        super(OIDCAuthenticationRequestView, self).__init__(*args, **kwargs)

    def get_extra_params(self, request: HttpRequest) -> dict[str, str]:
        return {"login_hint": request.GET["login_hint"]} if "login_hint" in request.GET else {}


class OidcCallbackView(_WithProvider, OIDCAuthenticationCallbackView):
    """Takes the browser back from the provider and opens the session."""

    def get(self, request: HttpRequest) -> HttpResponse:
        try:
            response: HttpResponse = super().get(request)
        except (SuspiciousOperation, OSError, ValueError) as refusal:
            # an answer that does not verify, a provider that does not answer, an answer that is no JSON:
            # the person gets the page that says so; what was received may hold claims and stays out of the log
            log.warning("a provider's answer was refused: %s", type(refusal).__name__)
            return self.login_failure()
        return response

    def login_success(self) -> HttpResponse:
        oidc.open_session(request=self.request, user=self.user)
        wanted = self.request.session.pop("oidc_login_next", None) or f"/t/{oidc.tenant_slug(self.request)}/"
        return HttpResponseRedirect(wanted)

    def login_failure(self) -> HttpResponse:
        """The sign-in page says that no rule of the organisation lets them in, or that the provider's answer was wrong."""
        return HttpResponseRedirect("/sign-in?problem=oidc-refused")
