"""A session that a tenant's identity provider opened: that tenant, and nothing beyond it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from apps.tenants.constants import SESSION_TENANT
from apps.tenants.models import PersonSession, User
from apps.tenants.services.membership import member_add
from kernel.tenancy.scope import tenant_scope
from tests.world import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture
def browsers(north: Any, south: Any) -> tuple[Client, Client]:
    """The north's owner, a member of the south too: signed in with a password, and through the south's provider."""
    email = north.owner.user.email
    with tenant_scope(south.id):
        member_add(actor=south.owner, email=email, name="Owner", role="member")
    own, provided = Client(), Client()
    for browser in (own, provided):
        body = {"email": email, "password": PASSWORD}
        assert browser.post("/api/v1/session/sign-in", body, content_type="application/json").status_code == 200
    session = provided.session
    session[SESSION_TENANT] = str(south.id)
    session.save()
    return own, provided


def test_it_opens_its_own_tenant_only(north: Any, south: Any, browsers: tuple[Client, Client]) -> None:
    """The same person's own session opens both."""
    own, provided = browsers
    for browser, at_north in ((own, 200), (provided, 404)):
        assert browser.get(f"/t/{north.slug}/api/v1/tenant").status_code == at_north
        assert browser.get(f"/t/{south.slug}/api/v1/tenant").status_code == 200
    assert [t["slug"] for t in provided.get("/api/v1/session").json()["tenants"]] == [south.slug]
    assert len(own.get("/api/v1/session").json()["tenants"]) == 2


def test_it_does_not_reach_the_account(north: Any, browsers: tuple[Client, Client]) -> None:
    """No second factor begun, no other browser listed or signed out."""
    own, provided = browsers
    listed = provided.get("/api/v1/session/sessions").json()
    assert [row["current"] for row in listed] == [True]
    other = next(row for row in own.get("/api/v1/session/sessions").json() if row["current"])
    assert provided.delete(f"/api/v1/session/sessions/{other['id']}").status_code == 404
    assert provided.post("/api/v1/session/totp").status_code == 404
    user = User.objects.get(pk=north.owner.user.pk)
    assert user.totp_enabled is False
    assert PersonSession.objects.filter(user_id=user.pk).count() == 2
