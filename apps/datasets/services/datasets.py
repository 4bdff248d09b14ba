"""Datasets and releases: made, published, withdrawn."""

from __future__ import annotations

import json
import uuid

from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.audit.services import event_record, statement_sign
from apps.datasets import selectors
from apps.datasets.constants import ReleaseState
from apps.datasets.domain.events import ReleasePublished
from apps.datasets.errors import IncompleteVersionError
from apps.datasets.models import Dataset, DatasetVersion, Release
from apps.projects.constants import ProjectAction
from apps.projects.selectors import project_get_for
from kernel.actors import Actor
from kernel.errors import ConflictError, NotFoundError
from kernel.events import publish
from kernel.jobs.models import Job
from kernel.jobs.services import enqueue


@transaction.atomic
def dataset_create(*, actor: Actor, project_slug: str, slug: str, name: str, description: str = "") -> Dataset:
    """A new, empty line of versions. Raises `ConflictError` when the address is taken in the organisation."""
    project = project_get_for(actor=actor, slug=project_slug, action=ProjectAction.CHANGE_DATASETS)
    try:
        with transaction.atomic():
            dataset = Dataset.objects.create(project_id=project.pk, slug=slug, name=name, description=description)
    except IntegrityError:
        raise ConflictError(f"There is already a dataset at {slug}.", code="dataset-exists") from None
    event_record(
        actor=actor, action="datasets.dataset.created", object_kind="dataset", object_id=dataset.pk, object_label=slug
    )
    return dataset


@transaction.atomic
def version_request(*, actor: Actor, slug: str, message: str = "") -> Job:
    """Ask for the next version: everything settled now. Long work, so a job; asking twice waits for the same one."""
    dataset = selectors.dataset_get_for(actor=actor, slug=slug, action=ProjectAction.CHANGE_DATASETS)
    job = enqueue(
        "datasets.build_version",
        actor=actor,
        project_id=dataset.project_id,
        subject=("dataset", dataset.pk),
        dedup_key=str(dataset.pk),
        dataset_id=dataset.pk,
        requested_by=actor.user_id,
    )
    if message:
        # The message is the manager's own words: it waits on the row, not in the job's arguments.
        Dataset.objects.filter(pk=dataset.pk).update(next_message=message[:300])
    event_record(
        actor=actor, action="datasets.version.requested", object_kind="dataset", object_id=dataset.pk, object_label=slug
    )
    return job


@transaction.atomic
def release_create(*, actor: Actor, version: DatasetVersion, name: str, terms: str) -> Release:
    """A release in draft: a name for this version, never to be another's.

    Raises `ConflictError` when the name is taken, `IncompleteVersionError` when a subject was erased meanwhile.
    """
    project_get_for(actor=actor, project_id=version.dataset.project_id, action=ProjectAction.CHANGE_DATASETS)
    if version.members.filter(erased_at__isnull=False).exists():
        raise IncompleteVersionError()
    try:
        with transaction.atomic():
            release = Release.objects.create(dataset=version.dataset, version=version, name=name, terms=terms)
    except IntegrityError:
        raise ConflictError(
            f"The dataset has a release named {name} already.",
            code="release-exists",
            remedy="Choose another name: a release's name never moves.",
        ) from None
    _tell(actor, "datasets.release.created", release)
    return release


@transaction.atomic
def release_publish(*, actor: Actor, release_id: uuid.UUID) -> Release:
    """Sign the release and open it to those it is granted to."""
    release = _locked(actor, release_id)
    if release.state == ReleaseState.PUBLISHED:
        return release
    if release.state == ReleaseState.WITHDRAWN:
        raise ConflictError("A withdrawn release cannot come back.", code="release-withdrawn", remedy="Make a new one.")
    if release.version.members.filter(erased_at__isnull=False).exists():
        raise IncompleteVersionError()
    release.signature, release.key_id = statement_sign(statement_of(release))
    release.state, release.published_at = ReleaseState.PUBLISHED, timezone.now()
    release.save()
    _tell(actor, "datasets.release.published", release)
    publish(ReleasePublished(release_id=release.pk, project_id=release.dataset.project_id))
    return release


@transaction.atomic
def release_withdraw(*, actor: Actor, release_id: uuid.UUID) -> Release:
    """Close the release: nothing of it can be pulled any more."""
    release = _locked(actor, release_id)
    if release.state != ReleaseState.WITHDRAWN:
        release.state, release.withdrawn_at = ReleaseState.WITHDRAWN, timezone.now()
        release.save()
        _tell(actor, "datasets.release.withdrawn", release)
    return release


def statement_of(release: Release) -> bytes:
    """What a release's signature is over: its name, its version's digest, the digest of its terms."""
    plain = {
        "dataset": release.dataset.slug,
        "release": release.name,
        "terms": release.terms,
        "version": release.version.digest,
    }
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return b"fiducial-release/1\n" + text.encode()


def _locked(actor: Actor, release_id: uuid.UUID) -> Release:
    selectors.release_get_for(actor=actor, release_id=release_id, action=ProjectAction.CHANGE_DATASETS)
    rows = Release.objects.select_for_update(of=("self",)).select_related("dataset", "version")
    release = rows.filter(pk=release_id).first()
    if release is None:
        raise NotFoundError()
    return release


def _tell(actor: Actor, action: str, release: Release) -> None:
    event_record(
        actor=actor,
        action=action,
        object_kind="release",
        object_id=release.pk,
        object_label=f"{release.dataset.slug}@{release.name}",
        digest_after=release.version.digest,
    )
