"""Erasing is real: on the storage, in the tables, by every address; and the trail still tells that it happened."""

from __future__ import annotations

import pytest

from apps.audit.models import AuditEvent
from apps.studies.domain.events import SubjectErased
from apps.studies.models import Instance, Series, Study, Subject
from apps.studies.services.subjects import subjects_for_identities
from kernel import events
from kernel.blobs.services import blob_read
from kernel.blobs.store import object_store
from kernel.jobs.runner import drain
from kernel.keys.cache import secrets_in_memory
from kernel.keys.errors import KeyDestroyedError
from kernel.tenancy.scope import tenant_scope
from tests.intake.files import ct_series
from tests.studies.admitting import admit

pytestmark = pytest.mark.django_db


def _erase(manager, admitted):
    return manager.json("POST", f"/api/v1/subjects/{admitted.subject.pk}/erase", {"reason": "withdrew consent"})


def test_after_erasure_nothing_opens_and_nothing_lies_there(north, manager, admitted):
    with tenant_scope(north.id):
        blobs = [i.blob for i in Instance.objects.select_related("blob")]
        before = len(list(object_store().list(f"{north.id}/")))
    assert before == 6
    assert _erase(manager, admitted).status_code == 202
    secrets_in_memory.clear()
    with tenant_scope(north.id):
        for blob in blobs:
            with pytest.raises(KeyDestroyedError):
                blob_read(blob)
        drain()
        assert list(object_store().list(f"{north.id}/")) == []
        assert (Study.objects.get().description, Study.objects.get().attributes) == ("", {})
        assert (Series.objects.get().attributes, Series.objects.get().quality) == ({}, {})
        assert set(Instance.objects.values_list("source_digest", flat=True)) == {""}
        assert (Subject.objects.get().state, Subject.objects.get().patient_digest) == ("erased", "")


def test_another_subject_is_untouched(north, project, manager, admitted):
    other = admit(north, project, ct_series(2), patient="other")
    _erase(manager, admitted)
    secrets_in_memory.clear()
    with tenant_scope(north.id):
        drain()
        assert [blob_read(i.blob) for i in other.instances] == other.files
        assert len(list(object_store().list(f"{north.id}/"))) == 3


def test_every_address_says_that_it_was_erased(manager, admitted):
    _erase(manager, admitted)
    secrets_in_memory.clear()
    root = f"/dicomweb/v1/projects/lung/studies/{admitted.study.study_instance_uid}"
    for path in (f"{root}/metadata", root, f"{root}/thumbnail"):
        answer = manager.get(path)
        assert (answer.status_code, answer.json()["code"]) == (410, "key-destroyed")


def test_the_same_patient_is_a_new_subject_afterwards(north, project, manager, admitted):
    _erase(manager, admitted)
    with tenant_scope(north.id):
        again = subjects_for_identities(project.pk, ["patient"])["patient"]
        assert again.pk != admitted.subject.pk
        assert again.pseudonym != admitted.subject.pseudonym


def test_higher_rooms_are_told_and_the_trail_keeps_the_reason(north, manager, admitted, monkeypatch):
    told: list[SubjectErased] = []
    monkeypatch.setitem(events._in_transaction, SubjectErased, [told.append])
    _erase(manager, admitted)
    assert told == [SubjectErased(subject_id=admitted.subject.pk, project_id=admitted.study.project_id)]
    with tenant_scope(north.id):
        event = AuditEvent.objects.get(action="studies.subject.erase")
        assert (event.subject_pseudonym, event.details["reason"]) == (admitted.subject.pseudonym, "withdrew consent")


def test_erasing_twice_and_without_a_reason_is_refused(manager, admitted):
    path = f"/api/v1/subjects/{admitted.subject.pk}/erase"
    assert manager.json("POST", path, {"reason": " "}).status_code == 422
    assert _erase(manager, admitted).status_code == 202
    again = _erase(manager, admitted)
    assert (again.status_code, again.json()["code"]) == (409, "already-erased")
