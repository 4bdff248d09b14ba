"""How a lower room tells a higher one: an event, handled in the tenant it happened in.

An event is a frozen dataclass of ids, named in the past tense (`ReadSigned`). A handler runs in the publisher's
transaction by default, so that nothing is lost between the two; long work is enqueued as a job there.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

from django.db import transaction

from kernel.tenancy.scope import current_tenant_id, tenant_scope

Event = TypeVar("Event")
Handler = Callable[[Any], None]

_log = logging.getLogger(__name__)
_in_transaction: dict[type, list[Handler]] = defaultdict(list)
_after_commit: dict[type, list[Handler]] = defaultdict(list)


def subscribe(event_type: type[Event], handler: Callable[[Event], None], *, after_commit: bool = False) -> None:
    """Register a handler, from the `ready()` of an app.

    The default runs inside the publisher's transaction, so that its effects (usually: a job enqueued, a row made)
    are kept or lost together with the act. `after_commit=True` is for what may be lost, such as a live message.
    """
    target = _after_commit if after_commit else _in_transaction
    if handler not in target[event_type]:
        target[event_type].append(handler)


def publish(event: object) -> None:
    """Tell the subscribers. Must run inside `tenant_scope`."""
    tenant_id = current_tenant_id()
    for handler in _in_transaction[type(event)]:
        handler(event)
    late = tuple(_after_commit[type(event)])
    if late:
        transaction.on_commit(lambda: _deliver(tenant_id, event, late))


def _deliver(tenant_id: Any, event: object, handlers: tuple[Handler, ...]) -> None:
    for handler in handlers:
        try:
            with tenant_scope(tenant_id):
                handler(event)
        except Exception:
            # The act is committed; a live message that fails must not turn it into an error.
            _log.exception("handler failed", extra={"event_type": type(event).__name__})
