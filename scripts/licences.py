#!/usr/bin/env python3
"""docs/licences.md, and a refusal of dependencies under the GPL or AGPL.

Fiducial is Apache-2.0 and is shipped inside other people's products. Reads what the installed Python packages and the npm
lock files say about themselves. Run with the checkout's Python: `licences.py` checks, `licences.py --write` writes the page.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "licences.md"
RUNTIME_LOCK, TEST_LOCK = "requirements/runtime.txt", "requirements/test.txt"
FRONTEND_LOCK, BROWSER_TESTS_LOCK = "frontend/package-lock.json", "tests/e2e/package-lock.json"
STRONG_COPYLEFT = re.compile(r"(?<![LA-Za-z])A?GPL|(?<!Lesser )(?<!Library )General Public License", re.IGNORECASE)
# Read by a person in the package's own licence file, where its metadata are silent or say two things.
READ: dict[str, str] = {
    "qrcode": "BSD-3-Clause",
    "rechoir": "MIT",
}
# The same licence under the names that metadata give it.
SPELLINGS = {
    "3-Clause BSD License": "BSD-3-Clause",
    "BSD 3-Clause": "BSD-3-Clause",
    "BSD License": "BSD",
    "MIT License": "MIT",
    "Apache Software License": "Apache-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
HEADING = """# Licences of what Fiducial stands on

Written by `python scripts/licences.py --write` from the lock files and the packages' own metadata; `make check` fails when it
is out of date, and when a package comes under the GPL or AGPL. Fiducial itself is Apache-2.0. Packages under the LGPL are
libraries that Python imports as they are: they are neither changed nor copied into our files, and anybody may replace them.
"""


@dataclass(frozen=True, order=True)
class Package:
    """A package and what it says its licence is; `licence` is empty if it says nothing."""

    name: str
    version: str
    licence: str


def python_packages(lock: str) -> Iterator[Package]:
    """Every package of a lock; one that is not installed on this platform is as the page has it."""
    written = dict(re.findall(r"^- ([^ ]+ [^ ]+): (.+)$", PAGE.read_text(), re.MULTILINE)) if PAGE.exists() else {}
    locked = re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", (ROOT / lock).read_text(), re.MULTILINE)
    for name, version in locked:
        try:
            licence = READ.get(name) or declared(distribution(name))
        except PackageNotFoundError:
            licence = written.get(f"{name} {version}", "")
            if not licence:
                continue  # locked for another platform
        yield Package(name, version, licence)


def declared(package: Distribution) -> str:
    """What a package says: the SPDX expression if it has one, else classifiers, else the short licence field."""
    metadata = package.metadata
    words = list(metadata.get_all("License-Expression") or [])
    if not words:
        classifiers = [
            c.rpartition(" :: ")[2] for c in metadata.get_all("Classifier") or [] if c.startswith("License ::")
        ]
        words = [word for word in classifiers if word != "OSI Approved"] or list(metadata.get_all("License") or [])
    return "; ".join(" OR ".join(SPELLINGS.get(part, part) for part in word.split(" OR ")) for word in words)[:200]


def node_packages(lock: str, *, shipped: bool) -> Iterator[Package]:
    """Every package of an npm lock, or only those that the page in the browser is built from."""
    path = ROOT / lock
    if not path.exists():
        return
    for place, entry in json.loads(path.read_text()).get("packages", {}).items():
        if place and not (shipped and (entry.get("dev") or entry.get("devOptional"))):
            name = place.rpartition("node_modules/")[2]
            licence = READ.get(name) or str(entry.get("license", ""))
            yield Package(name, str(entry.get("version", "")), licence.removeprefix("(").removesuffix(")"))


def binds(text: str) -> bool:
    """Whether these words mean GPL or AGPL with no other choice."""
    choices = re.split(r"\s+OR\s+", text.strip("()")) if " OR " in text else [text]
    return all(STRONG_COPYLEFT.search(choice) and "exception" not in choice.lower() for choice in choices)


def page() -> str:
    """docs/licences.md as it should be: what runs and what is shipped, grouped by licence, one line a package."""
    parts = (
        ("Python, at run time", set(python_packages(RUNTIME_LOCK))),
        ("The page in the browser, with what builds it", set(node_packages(FRONTEND_LOCK, shipped=True))),
    )
    return HEADING + "".join(f"\n## {title}: {len(found)} packages\n{grouped(found)}" for title, found in parts)


def grouped(packages: Iterable[Package]) -> str:
    """One heading a licence, the most frequent first, one line a package."""
    by_licence: dict[str, list[Package]] = {}
    for package in sorted(packages):
        by_licence.setdefault(package.licence or "says nothing", []).append(package)
    order = sorted(by_licence, key=lambda licence: (-len(by_licence[licence]), licence))
    return "".join(
        f"\n### {licence}\n\n" + "".join(f"- {one.name} {one.version}: {licence}\n" for one in by_licence[licence])
        for licence in order
    )


def problems() -> list[str]:
    """What is wrong, one line each: packages that bind us, shipped ones that say nothing, a page that is out of date."""
    shipped = {*python_packages(RUNTIME_LOCK), *node_packages(FRONTEND_LOCK, shipped=True)}
    every = shipped | {
        *python_packages(TEST_LOCK),
        *node_packages(FRONTEND_LOCK, shipped=False),
        *node_packages(BROWSER_TESTS_LOCK, shipped=False),
    }
    found = [
        f"{one.name}: {one.licence}: it would bind everybody who ships Fiducial"
        for one in sorted(every)
        if binds(one.licence)
    ]
    found += [
        f"{one.name}: says no licence; read its file and note it in READ" for one in sorted(shipped) if not one.licence
    ]
    if not PAGE.exists() or PAGE.read_text() != page():
        found.append("docs/licences.md is out of date: run `python scripts/licences.py --write`")
    return found


def main() -> int:
    """Print what is wrong, 1 if anything is; with --write, bring the page up to date first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write docs/licences.md")
    if parser.parse_args().write:
        PAGE.write_text(page())
    found = problems()
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
