"""Every address × every role × both tenants × signed out: nobody sees or does what is not theirs."""

import json
import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from apps.audit.models import AuditEvent
from tests.world import TenantClient

pytestmark = pytest.mark.django_db

_OPEN = {"healthz/live", "healthz/ready", "metrics"}
_METHODS = ("get", "post", "put", "patch", "delete")
ROLES = ["manager", "reader", "adjudicator", "reviewer", "customer", "auditor"]


def addresses(patterns: Any = None, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every API address with its view class."""
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(entry, URLResolver):
            yield from addresses(entry.url_patterns, prefix + str(entry.pattern))
        elif isinstance(entry, URLPattern):
            route = prefix + str(entry.pattern)
            if route.startswith(("api/", "dicomweb/")) and hasattr(entry.callback, "view_class"):
                yield route, entry.callback.view_class


def tenant_addresses() -> list[tuple[str, str]]:
    found = []
    for route, view in addresses():
        if route.startswith("api/v1/session"):
            continue
        found += [(route, method) for method in _METHODS if getattr(view, method, None)]
    return found


def filled(route: str, slug: str = "lung") -> str:
    """The route with values that name nothing, but for the project's slug."""

    def value(match: re.Match[str]) -> str:
        kind, name = match.group(1), match.group(2)
        if kind == "uuid":
            return str(uuid.UUID(int=7))
        if kind == "slug" and ("projects/<slug" in route):
            return slug
        return {"int": "1"}.get(kind, "2.25.7" if "uid" in name else "absent-one")

    return "/" + re.sub(r"<(\w+):(\w+)>", value, route)


def test_there_are_addresses_to_walk() -> None:
    routes = tenant_addresses()
    assert len(routes) > 80
    assert any(r.startswith("dicomweb/") for r, _ in routes)


def test_signed_out_is_refused_everywhere(north_lung: Any) -> None:
    client = TenantClient(north_lung.slug)
    wrong = []
    for route, method in tenant_addresses():
        answer = client.json(method.upper(), filled(route), {})
        as_due = answer.status_code == 401 and answer["Content-Type"] == "application/problem+json"
        if not as_due or answer.json()["code"] != "signed-out":
            wrong.append((method, route, answer.status_code))
    assert wrong == []


def test_another_tenants_owner_meets_absence_everywhere(north_lung: Any, south: Any) -> None:
    """Across, every address is absent; inside their own tenant, everything only the other one has is."""
    client = south.client(south.owner)
    wrong = []
    for route, method in tenant_addresses():
        across = client.json(method.upper(), f"/t/{north_lung.slug}{filled(route)}", {})
        if across.status_code != 404 or across.json()["code"] != "not-found":
            wrong.append((method, route, across.status_code))
        if "<" in route:
            inside = client.json(method.upper(), filled(route), {})
            if inside.status_code not in (404, 405, 415, 422):
                wrong.append((method, route, inside.status_code))
    assert wrong == []


@pytest.mark.parametrize("role", [*ROLES, "none"])
def test_no_role_gets_an_error_or_an_answer_it_should_not(role: str, north_lung: Any) -> None:
    """Every address as every role: an answer is 2xx or a problem; a role without rights never gets rows or changes."""
    person = north_lung.person(role)
    client = north_lung.client(person)
    for route, method in tenant_addresses():
        answer = client.json(method.upper(), filled(route), {})
        assert answer.status_code < 500, (role, method, route, answer.content[:300])
        if answer.status_code >= 400:
            assert answer["Content-Type"] == "application/problem+json", (method, route)
            body = answer.json()
            assert body["code"] and body["remedy"], (method, route)
        elif role == "none" and method != "get":
            assert route.startswith(("api/v1/tokens", "api/v1/audit")), (method, route, answer.status_code)


READ_BY = {
    # fmt: off
    "api/v1/projects/<slug:slug>": {"manager", "reader", "adjudicator", "reviewer", "auditor"},
    "api/v1/projects/<slug:slug>/label-schema": {"manager", "reader", "adjudicator", "reviewer", "auditor"},
    "api/v1/projects/<slug:slug>/charter": {"manager", "reader", "adjudicator", "reviewer", "auditor"},
    "api/v1/projects/<slug:slug>/roles": {"manager"},
    "api/v1/projects/<slug:slug>/overview": {"manager", "reviewer", "auditor"},
    "api/v1/projects/<slug:slug>/deliveries": {"manager"},
    "api/v1/projects/<slug:slug>/cases": {"manager", "reviewer", "auditor"},
    "api/v1/projects/<slug:slug>/datasets": {"manager", "auditor"},
    "api/v1/members": set(),
    "api/v1/audit/events": set(),
    "api/v1/identity-providers": set(),
    # fmt: on
}


def test_who_may_read_what(north_lung: Any) -> None:
    wrong = []
    for role in [*ROLES, "none"]:
        client = north_lung.client(north_lung.person(role))
        for route, readers in READ_BY.items():
            answer = client.get(filled(route))
            due = 200 if role in readers else 404
            if answer.status_code != due:
                wrong.append((role, route, answer.status_code))
    assert wrong == []


def test_a_refusal_leaves_nothing_behind(north_lung: Any) -> None:
    from kernel.tenancy.scope import tenant_scope

    client = north_lung.client(north_lung.person("reader"))
    with tenant_scope(north_lung.id):
        before = AuditEvent.objects.exclude(outcome="refused").count()
    body = json.dumps({"name": "mine"})
    assert client.json("PATCH", "/api/v1/projects/lung", json.loads(body)).status_code == 404
    with tenant_scope(north_lung.id):
        assert AuditEvent.objects.exclude(outcome="refused").count() == before
