"""Which jobs exist. A job is a function `(context, **ids)` registered under a name, with a queue and a time limit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kernel.errors import DomainError

JobFunction = Callable[..., dict[str, Any] | None]


class UnknownJobError(LookupError):
    """No such job is registered: a mistake in the program, found in the request that enqueues."""


class RetryLaterError(Exception):
    """Raised by a job whose cause is known to pass (a peer is away); the job is queued again with a delay."""


class CancelledError(Exception):
    """Raised by `JobContext.checkpoint` once somebody cancelled the job."""


@dataclass(frozen=True)
class JobDefinition:
    name: str
    title: str
    function: JobFunction
    queue: str
    max_attempts: int
    time_limit_s: int


_definitions: dict[str, JobDefinition] = {}


def job(
    name: str, *, title: str, queue: str = "default", max_attempts: int = 5, time_limit_s: int = 3600
) -> Callable[[JobFunction], JobFunction]:
    """Register a job. It may run twice without harm: each step it takes is idempotent."""

    def register(function: JobFunction) -> JobFunction:
        if name in _definitions and _definitions[name].function is not function:
            raise DomainError(f"two jobs are named {name}")
        _definitions[name] = JobDefinition(name, title, function, queue, max_attempts, time_limit_s)
        return function

    return register


def definition(name: str) -> JobDefinition:
    """The job registered under `name`. Raises `UnknownJobError`."""
    if name not in _definitions:
        raise UnknownJobError(f"no job is registered as {name!r}")
    return _definitions[name]
