#!/usr/bin/env python3
"""Refuses dependencies under the GPL or AGPL: Fiducial is Apache-2.0 and is shipped inside other people's products.

Reads what the installed Python packages and the npm lock files say about themselves. Run with the checkout's Python.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("requirements/runtime.txt", "requirements/test.txt")
NODE_LOCKS = ("frontend/package-lock.json", "tests/e2e/package-lock.json")
STRONG_COPYLEFT = re.compile(r"(?<![LA-Za-z])A?GPL|(?<!Lesser )(?<!Library )General Public License", re.IGNORECASE)
# Read by a person: name → why the word GPL in its metadata does not bind us.
READ: dict[str, str] = {}


def python_licences() -> Iterator[tuple[str, str]]:
    """(name, licence text) of every package in the locks."""
    names = {
        match.group(1)
        for lock in LOCKS
        for match in re.finditer(r"^([A-Za-z0-9._-]+)==", (ROOT / lock).read_text(), re.MULTILINE)
    }
    for name in sorted(names):
        try:
            yield name, declared(distribution(name))
        except PackageNotFoundError:
            continue  # locked for another platform


def declared(package: Distribution) -> str:
    """What a package says: the SPDX expression if it has one, else classifiers, else the short licence field."""
    metadata = package.metadata
    for field in ("License-Expression", "Classifier", "License"):
        words = [
            word for word in metadata.get_all(field) or [] if field != "Classifier" or word.startswith("License ::")
        ]
        if words:
            return "; ".join(words)[:200]
    return ""


def node_licences() -> Iterator[tuple[str, str]]:
    """(name, licence text) of every package in the npm locks."""
    for lock in NODE_LOCKS:
        path = ROOT / lock
        if not path.exists():
            continue
        for place, entry in json.loads(path.read_text()).get("packages", {}).items():
            if place:
                yield place.rpartition("node_modules/")[2], str(entry.get("license", ""))


def binds(text: str) -> bool:
    """Whether these words mean GPL or AGPL with no other choice."""
    choices = re.split(r"\s+OR\s+", text.strip("()")) if " OR " in text else [text]
    return all(STRONG_COPYLEFT.search(choice) and "exception" not in choice.lower() for choice in choices)


def main() -> int:
    """List what binds us; 1 if there is any."""
    found = [(name, text) for name, text in (*python_licences(), *node_licences()) if binds(text) and name not in READ]
    for name, text in found:
        print(f"{name}: {text}\n  Replace it: a GPL dependency would bind everybody who ships Fiducial.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
