"""Ways in, in a real browser: passwords and second factors, and a certified OpenID provider on loopback."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from kernel.launcher.programs import free_port
from tests.e2e.stack import FRONTEND, HERE, Journey, Organisation, Stack

pytestmark = [pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def clinic(stack: Stack) -> Organisation:
    """The organisation that brings a provider."""
    return stack.organisation("clinic", "Clinic")


@pytest.fixture(scope="module")
def rival(stack: Stack) -> Organisation:
    """Another one, whose owner brings a provider too."""
    return stack.organisation("rival", "Rival")


@pytest.fixture(scope="module")
def issuer(stack: Stack, clinic: Organisation, rival: Organisation) -> Iterator[str]:
    """A running provider that knows both organisations' callback addresses."""
    port = free_port()
    callbacks = [f"{stack.address}/t/{slug}/oidc/callback" for slug in (clinic.slug, rival.slug)]
    script = HERE / "identity_provider.mjs"
    process = subprocess.Popen(
        ["node", str(script), str(FRONTEND), str(port), *callbacks],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "ready"
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def test_a_person_comes_through_their_organisations_provider_with_the_role_its_claims_give(
    journey: Journey, clinic: Organisation, rival: Organisation, issuer: str
) -> None:
    """Routed by mail domain, made a member, refused without a rule; nobody else can take the domain."""
    domain = f"{clinic.slug}.test"
    said = journey("signing_in.mjs", "provider", organisation=clinic, other=rival, issuer=issuer, domain=domain)
    assert said["problems"] == []
    assert said["added"] == 201, said["problem"]
    assert said["stolen"] == [409, "domain-taken"]
    assert said["ada"] == {"signed_in": True, "tenants": [[clinic.slug, "member"]]}
    assert said["landed"] == f"/t/{clinic.slug}/settings"
    assert said["grace"] == {"signed_in": True, "tenants": [[clinic.slug, "admin"]]}
    assert sorted(said["members"]) == [[f"ada@{domain}", "member"], [f"grace@{domain}", "admin"]]
    assert said["refused"]["signed_in"] is False
    assert "did not let you in" in said["refused"]["text"]
    assert said["refused"]["axe"] == []
    assert said["elsewhere"] == 404


def test_a_provider_opens_its_own_organisation_only(
    journey: Journey, clinic: Organisation, rival: Organisation, issuer: str
) -> None:
    """The rival's provider says somebody is the clinic's owner: they enter the rival's tenant, and nothing of the clinic."""
    said = journey("signing_in.mjs", "impostor", organisation=clinic, other=rival, issuer=issuer)
    assert said["signed_in"] is True
    assert said["tenants"] == [[rival.slug, "member"]]
    assert said["answers"] == {"tenant": 404, "members": 404, "projects": 404}
    assert said["totp"] == 404


def test_a_password_a_second_factor_and_a_session_ended_from_elsewhere(journey: Journey, clinic: Organisation) -> None:
    """A wrong password says so without saying what was wrong; another browser can be signed out."""
    said = journey("signing_in.mjs", "local", organisation=clinic)
    assert said["problems"] == []
    assert said["wrongCode"] == "invalid-credentials"
    assert said["wrong"].startswith("E-mail or password is not right.")
    assert said["recovery"] >= 8
    assert said["before"] == {"signed_in": False, "tenants": []}
    assert said["after"]["signed_in"] is True
    assert said["listed"] == 1
    assert said["ended"] == {"signed_in": False, "tenants": []}
    assert said["axe"] == []
