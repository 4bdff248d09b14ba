"""Signing in, staying in, and getting in no other way."""

import datetime as dt
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.test import Client
from django.utils import timezone
from django_otp.oath import totp

from apps.audit.models import AuditEvent
from apps.tenants.domain import tokens
from apps.tenants.domain.claims import role_from_claims
from apps.tenants.models import ApiToken, PersonSession, User
from apps.tenants.services import oidc, second_factor
from apps.tenants.services.tokens import token_create
from kernel.tenancy.scope import tenant_scope
from tests.world import PASSWORD

pytestmark = pytest.mark.django_db


def sign_in(client: Client, email: str, password: str = PASSWORD, **more: str) -> Any:
    body = {"email": email, "password": password, **more}
    return client.post("/api/v1/session/sign-in", body, content_type="application/json")


def test_a_session_opens_and_names_the_tenants(north: Any, south: Any) -> None:
    client = Client()
    answer = sign_in(client, north.owner.user.email.upper())
    assert answer.status_code == 200
    assert [t["slug"] for t in answer.json()["tenants"]] == [north.slug]
    assert client.get(f"/t/{north.slug}/api/v1/tenant").json()["role"] == "owner"
    assert client.get(f"/t/{south.slug}/api/v1/tenant").status_code == 404


def test_a_wrong_password_and_an_unknown_address_look_the_same(north: Any) -> None:
    wrong = sign_in(Client(), north.owner.user.email, "not the passphrase")
    unknown = sign_in(Client(), "nobody@nowhere.test", "not the passphrase")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()
    assert wrong["Content-Type"] == "application/problem+json"


def test_guessing_is_slowed(north: Any) -> None:
    for _ in range(10):
        assert sign_in(Client(), north.owner.user.email, "guess").json()["code"] == "invalid-credentials"
    refused = sign_in(Client(), north.owner.user.email)
    assert (refused.status_code, refused.json()["code"], refused["Retry-After"]) == (429, "too-many-attempts", "900")


def test_the_second_factor_is_asked_for_and_each_code_works_once(north: Any) -> None:
    user = north.owner.user
    second_factor.enrol(user=user)
    user.refresh_from_db()
    from kernel.keys.small import open_secret

    secret = open_secret("totp", bytes(user.totp_secret or b""))
    codes = second_factor.confirm(user=user, code=f"{totp(secret):06d}")
    assert len(set(codes)) == 10
    assert sign_in(Client(), user.email).json()["code"] == "otp-required"
    assert (
        sign_in(Client(), user.email, otp_code=f"{totp(secret):06d}").json()["code"] == "otp-required"
    )  # used at confirm
    assert sign_in(Client(), user.email, otp_code=codes[0]).status_code == 200
    assert sign_in(Client(), user.email, otp_code=codes[0]).json()["code"] == "otp-required"


def test_the_secret_of_the_second_factor_is_sealed(north: Any) -> None:
    shown = second_factor.enrol(user=north.owner.user)
    stored = bytes(User.objects.get(pk=north.owner.user.pk).totp_secret or b"")
    import base64

    assert base64.b32decode(shown["secret"]) not in stored


def test_an_idle_session_ends(north: Any) -> None:
    client = Client()
    sign_in(client, north.owner.user.email)
    PersonSession.objects.update(
        last_seen_at=timezone.now() - dt.timedelta(seconds=settings.SESSION_IDLE_TIMEOUT_S + 1)
    )
    assert client.get("/api/v1/session").json()["signed_in"] is False


def test_a_session_can_be_revoked_from_another_browser(north: Any) -> None:
    one, two = Client(), Client()
    sign_in(one, north.owner.user.email)
    sign_in(two, north.owner.user.email)
    rows = one.get("/api/v1/session/sessions").json()
    other = next(r for r in rows if not r["current"])
    assert one.delete(f"/api/v1/session/sessions/{other['id']}").status_code == 204
    assert two.get("/api/v1/session").json()["signed_in"] is False
    assert one.get("/api/v1/session").json()["signed_in"] is True


def test_another_persons_session_cannot_be_revoked(north: Any, south: Any) -> None:
    mine, theirs = Client(), Client()
    sign_in(mine, north.owner.user.email)
    sign_in(theirs, south.owner.user.email)
    their_id = theirs.get("/api/v1/session/sessions").json()[0]["id"]
    assert mine.delete(f"/api/v1/session/sessions/{their_id}").status_code == 404
    assert theirs.get("/api/v1/session").json()["signed_in"] is True


def test_a_request_without_the_pages_token_is_refused(north: Any) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(north.owner.user, backend="django.contrib.auth.backends.ModelBackend")
    body = {"slug": "x", "name": "X"}
    refused = client.post(f"/t/{north.slug}/api/v1/projects", body, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf")
    with tenant_scope(north.id):
        assert not AuditEvent.objects.filter(action="projects.project.created").exists()


def test_signing_in_is_in_the_trail(north: Any) -> None:
    sign_in(Client(), north.owner.user.email, "wrong")
    sign_in(Client(), north.owner.user.email)
    with tenant_scope(north.id):
        events = AuditEvent.objects.filter(object_kind="user").order_by("id").values_list("action", "outcome")
        assert list(events) == [("tenants.session.refused", "refused"), ("tenants.session.opened", "allowed")]


class TestTokens:
    def bearer(self, text: str) -> dict[str, Any]:
        return {"HTTP_AUTHORIZATION": f"Bearer {text}"}

    def make(self, world: Any, *scopes: str, **more: Any) -> str:
        with tenant_scope(world.id):
            expires = timezone.now() + dt.timedelta(days=1)
            _, text = token_create(actor=world.owner, name="t", scopes=list(scopes), expires_at=expires, **more)
        return text

    def test_it_works_without_naming_the_tenant_and_only_in_its_own(self, north: Any, south: Any) -> None:
        text = self.make(north, "api:read")
        assert Client().get("/api/v1/tenant", **self.bearer(text)).json()["slug"] == north.slug
        assert Client().get(f"/t/{south.slug}/api/v1/tenant", **self.bearer(text)).status_code == 404

    def test_its_scopes_narrow_what_the_person_may_do(self, north: Any) -> None:
        text = self.make(north, "api:read")
        body = {"slug": "x", "name": "X"}
        refused = Client().post("/api/v1/projects", body, content_type="application/json", **self.bearer(text))
        assert refused.status_code == 404
        pull = self.make(north, "releases:pull")
        assert Client().get("/api/v1/projects", **self.bearer(pull)).status_code == 404
        assert Client().get("/api/v1/releases", **self.bearer(pull)).status_code == 200

    def test_it_ends_when_it_expires_is_revoked_or_its_person_leaves(self, north: Any) -> None:
        text = self.make(north, "api:read")
        with tenant_scope(north.id):
            ApiToken.objects.update(expires_at=timezone.now())
        assert Client().get("/api/v1/tenant", **self.bearer(text)).status_code == 401
        text = self.make(north, "api:read")
        with tenant_scope(north.id):
            ApiToken.objects.update(revoked_at=timezone.now())
        assert Client().get("/api/v1/tenant", **self.bearer(text)).status_code == 401

    def test_only_its_digest_is_stored(self, north: Any) -> None:
        text = self.make(north, "api:read")
        with tenant_scope(north.id):
            row = ApiToken.objects.get()
        parsed = tokens.parse(text)
        assert parsed is not None
        assert (row.digest, parsed.tenant_id) == (parsed.digest, north.id)
        assert text.split("_")[2] not in str(row.__dict__)

    @pytest.mark.parametrize("text", ["", "fid", "fid__", "fid_aaaa_bbbb", "x" * 5000, "fid_é_é"])
    def test_nonsense_is_refused(self, north: Any, text: str) -> None:
        assert Client().get("/api/v1/tenant", HTTP_AUTHORIZATION=f"Bearer {text}").status_code in (401, 404)


class TestClaims:
    GOOD = {"iss": "https://idp.test", "sub": "s", "aud": "us", "exp": 2e9, "iat": 1000.0}

    def check(self, **changes: Any) -> None:
        claims = {k: v for k, v in {**self.GOOD, **changes}.items() if v is not None}
        oidc.check_claims(claims, issuer="https://idp.test", client_id="us", now=1000.0)

    def test_a_good_token_is_accepted(self) -> None:
        self.check()
        self.check(aud=["us", "them"], azp="us")

    @pytest.mark.parametrize(
        "changes",
        [
            {"iss": "https://evil.test"},
            {"aud": "them"},
            {"aud": ["us", "them"]},
            {"aud": ["us", "them"], "azp": "them"},
            {"azp": "them"},
            {"exp": 900.0},
            {"iat": 100.0},
            {"iat": 2000.0},
            *({name: None} for name in ("iss", "sub", "aud", "exp", "iat")),
        ],
    )
    def test_any_other_is_refused(self, changes: dict[str, Any]) -> None:
        with pytest.raises(SuspiciousOperation):
            self.check(**changes)

    def test_the_first_rule_that_fits_gives_the_role(self) -> None:
        rules = [
            {"claim": "groups", "value": "admins", "role": "admin"},
            {"claim": "dept", "value": "ct", "role": "member"},
        ]
        assert role_from_claims({"groups": ["x", "admins"], "dept": "ct"}, rules, "") == "admin"
        assert role_from_claims({"dept": "ct"}, rules, "") == "member"
        assert role_from_claims({}, rules, "") == ""


def test_nobody_is_a_superuser(north: Any) -> None:
    from django.db import IntegrityError, transaction

    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=north.owner.user.pk).update(is_superuser=True)
