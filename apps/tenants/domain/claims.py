"""From an identity provider's claims to a role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def role_from_claims(claims: Mapping[str, Any], rules: Sequence[Mapping[str, str]], default_role: str) -> str:
    """The role of the first rule whose claim equals, or as a list contains, its value; else the default (may be "")."""
    for rule in rules:
        held = claims.get(rule["claim"])
        if held == rule["value"] or (isinstance(held, list) and rule["value"] in held):
            return rule["role"]
    return default_role


def email_domain(email: str) -> str:
    """The part that routes a person to their organisation's provider, lower case."""
    return email.rpartition("@")[2].strip().lower()
