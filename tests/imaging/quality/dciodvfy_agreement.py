"""How far our type 1 and type 2 check agrees with dciodvfy (dicom3tools) on a set of files.

    python -m tests.imaging.quality.dciodvfy_agreement PATH… [--json]

Compared are unconditional attributes only (Type 1, Type 2, file meta information), by file and attribute keyword.
Left out are files whose SOP class either side does not know.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from imaging.errors import ImagingError
from imaging.quality.attributes import is_known, missing_attributes
from imaging.scan_dataset import read_dataset

_MESSAGE = re.compile(r"(?:Missing attribute|Empty attribute \(no value\)) Type [12] Required Element=<(\w+)>")


@dataclass
class Agreement:
    """Counts over all files; `only_…` by attribute."""

    files: int = 0
    silent: int = 0
    both: int = 0
    only_dciodvfy: Counter[str] = field(default_factory=Counter)
    only_ours: Counter[str] = field(default_factory=Counter)

    @property
    def found_share(self) -> float:
        """Of what dciodvfy reports, the share that we report."""
        return self.both / max(1, self.both + self.only_dciodvfy.total())

    @property
    def overlap(self) -> float:
        """Reported by both, of what either reports."""
        return self.both / max(1, self.both + self.only_dciodvfy.total() + self.only_ours.total())


def compare(paths: Iterable[Path]) -> Agreement:
    """Run both over every file."""
    agreement = Agreement()
    for path in paths:
        try:
            dataset = read_dataset(path, pixels=False)
        except ImagingError:
            continue
        output = subprocess.run(["dciodvfy", str(path)], capture_output=True, check=False, timeout=60).stderr.decode(
            "latin-1"
        )
        if not is_known(str(dataset.get("SOPClassUID", ""))) or "Object Not found" in output or "read failed" in output:
            continue
        theirs = set(_MESSAGE.findall(output))
        ours = {attribute.keyword for attribute in missing_attributes(dataset)}
        agreement.files += 1
        agreement.silent += not theirs and not ours
        agreement.both += len(theirs & ours)
        agreement.only_dciodvfy.update(theirs - ours)
        agreement.only_ours.update(ours - theirs)
    return agreement


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    files = [p for path in args.paths for p in (sorted(path.rglob("*")) if path.is_dir() else [path]) if p.is_file()]
    a = compare(files)
    result = {
        "files": a.files,
        "files_where_both_are_silent": a.silent,
        "reported_by_both": a.both,
        "only_dciodvfy": dict(a.only_dciodvfy.most_common()),
        "only_ours": dict(a.only_ours.most_common()),
        "share_of_dciodvfy_found": round(a.found_share, 4),
        "overlap": round(a.overlap, 4),
    }
    print(json.dumps(result, indent=None if args.json else 2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
