"""Run the main job without a browser, on a real chest CT: from import to a release the customer pulled and verified."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from config.demo.run import Demo


class Command(BaseCommand):
    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--out", type=Path, default=Path(".fiducial/demo"), help="where report.json and pulled/ go")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["out"]
        if folder.exists():
            shutil.rmtree(folder)
        Demo(folder, self.stdout.write).run()
        self.stdout.write(f"report: {folder / 'report.json'}   pulled: {folder / 'pulled'}")
