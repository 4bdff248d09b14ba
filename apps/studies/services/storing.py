"""STOW-RS ends in quarantine, which belongs to a higher room: that room says here how to receive."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kernel.actors import Actor
from kernel.errors import NotFoundError


@dataclass(frozen=True)
class StoreOutcome:
    """What became of one part of a store request (PS3.18 10.5.3.3).

    `failure_reason` is a code of PS3.18 Table 10.5.1-1 or None where the part was taken in; UIDs as they were sent.
    """

    sop_class_uid: str
    sop_instance_uid: str
    failure_reason: int | None = None


Receiver = Callable[[Actor, str, str, Iterator[bytes]], list[StoreOutcome]]

_receivers: list[Receiver] = []


def register_receiver(receiver: Receiver) -> None:
    """Say who receives stored instances: `receiver(actor, project slug, study UID or "", contents)`."""
    _receivers[:] = [receiver]


def instances_store(
    *, actor: Actor, slug: str, study_instance_uid: str, contents: Iterator[bytes]
) -> list[StoreOutcome]:
    """Hand parts of a store request to the receiver. Raises `NotFoundError` where the actor may not deliver here."""
    if not _receivers:
        raise NotFoundError()
    return _receivers[0](actor, slug, study_instance_uid, contents)
