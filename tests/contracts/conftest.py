"""A tenant with a project named `lung` and a person in every role."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

ROLES = ["manager", "reader", "adjudicator", "reviewer", "customer", "auditor"]


@dataclass
class Peopled:
    """A tenant world with its people by role."""

    world: Any
    people: dict[str, Any]

    @property
    def id(self) -> Any:
        return self.world.id

    @property
    def slug(self) -> str:
        return str(self.world.slug)

    def person(self, role: str) -> Any:
        """The person with this project role; `none` is a member without any."""
        return self.people[role]

    def client(self, actor: Any) -> Any:
        return self.world.client(actor)


@pytest.fixture
def north_lung(north: Any) -> Peopled:
    """The tenant."""
    people = {role: north.member() for role in [*ROLES, "none"]}
    north.project("lung", **{role: people[role] for role in ROLES})
    return Peopled(north, people)
