"""Load the demonstration: two organisations, their people, and a real chest CT, ready to be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from apps.intake.services.deliveries import delivery_complete, delivery_create
from apps.intake.services.receiving import files_receive
from config.demo import DEMO_CT
from config.demo.people import PROJECT, organisation_exists, organisation_make, sign_ins_write
from kernel.jobs.runner import drain
from kernel.tenancy.scope import bound_tenant, tenant_scope


class Command(BaseCommand):
    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        default = Path(settings.ROOT_KEY_FILE).parent.parent / "demo-sign-ins.txt"
        parser.add_argument("--wait", action="store_true", help="check and admit the studies here and now")
        parser.add_argument("--sign-ins", type=Path, default=default, help="where to write the addresses and passwords")

    def handle(self, *args: Any, **options: Any) -> None:
        if organisation_exists("demo"):
            self.stdout.write("the demonstration is loaded already")
            return
        vendor = organisation_make("demo", "Demo Imaging")
        other = organisation_make("northern", "Northern Trial Group")
        sign_ins_write(options["sign_ins"], [vendor, other])
        for organisation in (vendor, other):
            with tenant_scope(organisation.tenant_id):
                manager = organisation.people["manager"]
                files = [(path.name, path.read_bytes()) for path in sorted((DEMO_CT / "dicom").glob("*.dcm"))]
                delivery = delivery_create(
                    actor=manager, slug=PROJECT, name="LIDC-IDRI-0314", source="command", files_expected=len(files)
                )
                files_receive(actor=manager, delivery=delivery, files=files)
                delivery_complete(actor=manager, delivery_id=delivery.pk)
            if options["wait"]:
                with bound_tenant(organisation.tenant_id):
                    drain()
        self.stdout.write("two organisations with a chest CT each; the workers check and admit them")
