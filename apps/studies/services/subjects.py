"""Find or make the subject an original patient identity belongs to."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from django.db import transaction

from apps.studies.models import Subject
from imaging.deid.keys import SubjectKeys
from kernel.ids import uuid7
from kernel.keys.services import key_secret, project_digest, subject_keys_create

_LABEL = "patient identity"


def subjects_for_identities(project_id: uuid.UUID, identities: Collection[str]) -> dict[str, Subject]:
    """The subject of each original identity (such as PatientID and issuer joined), made where it is new.

    The identity itself is stored nowhere: it is found again by a keyed digest under the project's key. After an
    erasure the same identity is a new subject with a new pseudonym.
    """
    digests = {project_digest(project_id, _LABEL, identity): identity for identity in identities}
    known = _by_digest(project_id, digests)
    missing = [digest for digest in digests if digest not in known]
    if missing:
        _make(project_id, missing)
        known = _by_digest(project_id, digests)
    return {identity: known[digest] for digest, identity in digests.items()}


def subject_keys(subject: Subject) -> SubjectKeys:
    """The derivations of a subject. Raises `KeyDestroyedError` for one that was erased."""
    return SubjectKeys(key_secret(subject.key_id))


@transaction.atomic
def _make(project_id: uuid.UUID, digests: list[str]) -> None:
    ids = {digest: uuid7() for digest in digests}
    keys = subject_keys_create(project_id, list(ids.values()))
    rows = []
    for digest, subject_id in ids.items():
        key = keys[subject_id]
        pseudonym = SubjectKeys(key_secret(key.pk)).pseudonym()
        rows.append(Subject(pk=subject_id, project_id=project_id, pseudonym=pseudonym, patient_digest=digest, key=key))
    # Where another transaction made the same subject first, its row stands and our key seals nothing.
    Subject.objects.bulk_create(rows, ignore_conflicts=True)


def _by_digest(project_id: uuid.UUID, digests: Collection[str]) -> dict[str, Subject]:
    rows = Subject.objects.select_related("key").filter(project_id=project_id, patient_digest__in=list(digests))
    return {row.patient_digest: row for row in rows}
