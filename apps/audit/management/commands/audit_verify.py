"""Verify the audit trail from the database or from an exported file alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.audit.domain.verification import Verdict
from apps.audit.services.verifying import export, verify, verify_file
from apps.tenants.selectors import tenants_all
from kernel.tenancy.scope import tenant_scope


class Command(BaseCommand):
    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", help="slug; all tenants when absent")
        parser.add_argument("--file", type=Path, help="an exported log: verified alone, without the database")
        parser.add_argument("--export", type=Path, help="write the tenant's log to this file")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["file"]:
            self._say("file", verify_file(options["file"]), options["json"])
            return
        wanted = [t for t in tenants_all() if options["tenant"] in (None, t.slug)]
        sound = True
        for tenant in wanted:
            with tenant_scope(tenant.pk):
                verdict = verify()
                if options["export"]:
                    with options["export"].open("w", encoding="utf-8") as out:
                        export(out)
            sound = self._say(tenant.slug, verdict, options["json"], stop=False) and sound
        if not sound:
            raise SystemExit(1)

    def _say(self, name: str, verdict: Verdict, as_json: bool, *, stop: bool = True) -> bool:
        if as_json:
            self.stdout.write(json.dumps({"log": name, "ok": verdict.ok, **vars(verdict)}))
        else:
            word = "sound" if verdict.ok else "NOT SOUND"
            self.stdout.write(
                f"{name}: {word}; {verdict.events} events, {verdict.checkpoints} checkpoints, {verdict.unsealed} not yet sealed"
            )
            for problem in verdict.problems:
                self.stdout.write(f"  {problem}")
        if stop and not verdict.ok:
            raise SystemExit(1)
        return verdict.ok
