"""A sender that sends the same bytes twice at the same moment: neither file was here when the other was received."""

from __future__ import annotations

from typing import Any

import pytest

from apps.intake.models import IncomingFile
from apps.intake.services import receiving
from apps.studies.models import Instance
from kernel.tenancy.scope import tenant_scope
from tests.intake.files import ct_series

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clear_pixels")]


def test_one_is_admitted_and_the_other_is_a_duplicate(north: Any, send: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both looked before either was kept, so the second step tells them apart."""
    monkeypatch.setattr(receiving, "_known", lambda delivery, hashes: set())
    first, second = ct_series(2)
    delivery = send({"IM1.dcm": first, "IM2.dcm": second, "IM1 again.dcm": first})
    assert delivery["state"] == "done"
    assert delivery["by_state"] == {"received": 0, "held": 0, "admitted": 2, "refused": 0, "duplicate": 1}
    with tenant_scope(north.id):
        assert Instance.objects.count() == 2
        assert IncomingFile.objects.get(state="duplicate").reason_code == "duplicate"
