"""Makes one organisation on a running platform; run by the browser tests in the platform's own environment.

Reads `{"slug", "name", "first", "last"}` on standard input: with `first` and `last` the slices of the demonstration CT
from one to the other are delivered too, and admitted before it ends. Prints `{"slug", "password"}`.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

import django

_PATIENCE_S = 240


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    django.setup()
    from config.demo.people import organisation_make

    wanted = json.load(sys.stdin)
    made = organisation_make(wanted["slug"], wanted["name"])
    if wanted.get("last"):
        deliver(made, wanted["first"], wanted["last"])
    print(json.dumps({"slug": made.slug, "password": made.password}))


def deliver(made: Any, first: int, last: int) -> None:
    """Slices `first` to `last` (their file numbers, both included) of the demonstration CT; waits for their admission."""
    from apps.intake.services.deliveries import delivery_complete, delivery_create
    from apps.intake.services.receiving import files_receive
    from apps.studies.models import Instance
    from config.demo import DEMO_CT
    from config.demo.people import PROJECT
    from kernel.tenancy.scope import tenant_scope

    paths = sorted((DEMO_CT / "dicom").glob("*.dcm"))[first - 1 : last]
    manager = made.people["manager"]
    with tenant_scope(made.tenant_id):
        delivery = delivery_create(
            actor=manager, slug=PROJECT, name="LIDC-IDRI-0314", source="command", files_expected=len(paths)
        )
        files_receive(actor=manager, delivery=delivery, files=[(path.name, path.read_bytes()) for path in paths])
        delivery_complete(actor=manager, delivery_id=delivery.pk)
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        with tenant_scope(made.tenant_id):
            if Instance.objects.count() == len(paths):
                return
        time.sleep(0.5)
    raise SystemExit(f"the slices were not admitted within {_PATIENCE_S} s")


if __name__ == "__main__":
    main()
