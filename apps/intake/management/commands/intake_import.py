"""`manage.py intake_import PATH --tenant demo --project lung`: deliver a folder, a file or a zip from this machine."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.intake.selectors import delivery_get_for, states_of
from apps.intake.services.deliveries import delivery_complete, delivery_create
from apps.intake.services.receiving import file_receive_stream, files_receive
from apps.tenants.selectors import actor_for_membership, member_by_email, tenant_by_slug
from kernel.actors import Actor, system_actor
from kernel.errors import DomainError
from kernel.jobs.runner import run_job
from kernel.tenancy.scope import tenant_scope

_BATCH_FILES = 64
_BATCH_BYTES = 64 << 20
_LARGE_BYTES = 32 << 20


class Command(BaseCommand):
    help = "Deliver files of this machine to a project, and work on them here unless --no-wait."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path)
        parser.add_argument("--tenant", required=True)
        parser.add_argument("--project", required=True)
        parser.add_argument("--as", dest="email", default="", help="the member who delivers; the platform by default")
        parser.add_argument("--no-wait", action="store_true", help="leave the work to the workers")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = tenant_by_slug(options["tenant"])
        if tenant is None:
            raise CommandError(f"There is no tenant at {options['tenant']}.")
        if not options["path"].exists():
            raise CommandError(f"There is nothing at {options['path']}.")
        actor = _actor(tenant.pk, options["tenant"], options["email"])
        try:
            self._import(actor, options["path"], options["project"], wait=not options["no_wait"])
        except DomainError as error:
            raise CommandError(f"{error.title}. {error.remedy}") from None

    def _import(self, actor: Actor, path: Path, slug: str, *, wait: bool) -> None:
        started = time.monotonic()
        files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
        with tenant_scope(actor.tenant_id):
            delivery = delivery_create(
                actor=actor, slug=slug, name=path.name, source="import", files_expected=len(files)
            )
        sent = 0
        for batch in _batches(files):
            with tenant_scope(actor.tenant_id):
                sent += _send(actor, delivery, batch, path)
            self._say(f"received {sent} of {len(files)}")
        with tenant_scope(actor.tenant_id):
            job_id = delivery_complete(actor=actor, delivery_id=delivery.pk).job_id
        if wait and job_id is not None:
            run_job(actor.tenant_id, job_id)
        with tenant_scope(actor.tenant_id):
            delivery = delivery_get_for(actor=actor, delivery_id=delivery.pk)
            counts = states_of([delivery.pk])[delivery.pk]
        summary = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
        self.stdout.write(f"delivery {delivery.pk} {delivery.state}: {summary}; {time.monotonic() - started:.1f} s")

    def _say(self, text: str) -> None:
        self.stderr.write(f"\r{text}", ending="" if self.stderr.isatty() else "\n")


def _actor(tenant_id: Any, slug: str, email: str) -> Actor:
    if not email:
        return system_actor(tenant_id)
    with tenant_scope(tenant_id):
        user = member_by_email(email)
    actor = actor_for_membership(user=user, slug=slug, source="command", request_id="") if user else None
    if actor is None:
        raise CommandError("This address belongs to no member of the tenant.")
    return actor


def _send(actor: Actor, delivery: Any, batch: list[Path], root: Path) -> int:
    if len(batch) == 1 and batch[0].stat().st_size > _LARGE_BYTES:
        with batch[0].open("rb") as file:
            chunks = iter(lambda: file.read(1 << 20), b"")
            file_receive_stream(actor=actor, delivery_id=delivery.pk, name=_name(batch[0], root), chunks=chunks)
    else:
        files_receive(actor=actor, delivery=delivery, files=[(_name(p, root), p.read_bytes()) for p in batch])
    return len(batch)


def _name(path: Path, root: Path) -> str:
    return path.name if path == root else str(path.relative_to(root))


def _batches(files: list[Path]) -> Iterator[list[Path]]:
    batch: list[Path] = []
    size = 0
    for path in files:
        length = path.stat().st_size
        if batch and (len(batch) >= _BATCH_FILES or size + length > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(path)
        size += length
    if batch:
        yield batch
