"""A project that is read by a panel."""

from __future__ import annotations

import pytest

from tests.tasks.panel import Panel
from tests.world import TenantWorld


@pytest.fixture
def panel(north: TenantWorld) -> Panel:
    """Two readers, an adjudicator, a reviewer, the owner as manager, and one admitted study."""
    return Panel(north)
