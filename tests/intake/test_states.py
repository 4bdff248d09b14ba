"""The table of states."""

from __future__ import annotations

import uuid

import pytest

from apps.intake.domain.states import FINAL, OPEN, TRANSITIONS, FileState, may_become
from apps.intake.models import IncomingFile
from apps.intake.services import steps


def test_every_state_has_a_row_and_final_ones_lead_nowhere():
    assert set(TRANSITIONS) == set(FileState)
    assert FINAL == {FileState.ADMITTED, FileState.REFUSED, FileState.DUPLICATE, FileState.UNPACKED}
    assert OPEN | FINAL | {FileState.HELD} == set(FileState)


def test_admission_has_one_way_in():
    leading = {state for state, following in TRANSITIONS.items() if FileState.ADMITTED in following}
    assert leading == {FileState.DEIDENTIFIED}


@pytest.mark.parametrize("state", sorted(OPEN))
def test_anything_in_work_can_be_held(state):
    assert may_become(state, FileState.HELD)


@pytest.mark.parametrize(("state", "following"), [("held", "admitted"), ("received", "admitted"), ("refused", "read")])
def test_a_transition_outside_the_table_is_an_error(state, following):
    file = IncomingFile(state=state, tenant_id=uuid.UUID(int=1))
    with pytest.raises(ValueError, match=following):
        steps.move(file, FileState(following))
    assert file.state == state
