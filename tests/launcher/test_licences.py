"""A package under the GPL is found however it says so, and one with a choice, or the LGPL, is not."""

from __future__ import annotations

import importlib.util
import sys
from email.message import EmailMessage
from importlib.metadata import Distribution
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "licences.py"


@pytest.fixture(scope="module")
def licences() -> ModuleType:
    """The script as a module."""
    specification = importlib.util.spec_from_file_location("licences_script", SCRIPT)
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, specification.name, module)  # dataclasses look themselves up
        specification.loader.exec_module(module)
    return module


class Declaring(Distribution):
    """A package that declares these metadata."""

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        self._message = EmailMessage()
        for name, value in fields:
            self._message.add_header(name, value)

    @property
    def metadata(self) -> Any:
        return self._message

    def read_text(self, filename: str) -> str | None:
        return None

    def locate_file(self, path: Any) -> Any:
        return Path(path)


GPL = "License :: OSI Approved :: GNU General Public License v3 (GPLv3)"
LGPL = "License :: OSI Approved :: GNU Lesser General Public License v3 (LGPLv3)"
MIT = "License :: OSI Approved :: MIT License"


@pytest.mark.parametrize(
    ("fields", "licence", "binds"),
    [
        ([("License-Expression", "GPL-3.0-or-later")], "GPL-3.0-or-later", True),
        ([("License-Expression", "AGPL-3.0-only OR GPL-3.0-only")], "AGPL-3.0-only OR GPL-3.0-only", True),
        ([("License-Expression", "MIT OR GPL-2.0-only")], "MIT OR GPL-2.0-only", False),
        ([("License-Expression", "LGPL-3.0-only")], "LGPL-3.0-only", False),
        ([("Classifier", GPL)], "GNU General Public License v3 (GPLv3)", True),
        ([("Classifier", GPL), ("Classifier", MIT)], "GNU General Public License v3 (GPLv3); MIT", True),
        ([("Classifier", LGPL)], "GNU Lesser General Public License v3 (LGPLv3)", False),
        ([("License", "GPL v2")], "GPL v2", True),
        ([("License", "BSD 3-Clause OR Apache-2.0")], "BSD-3-Clause OR Apache-2.0", False),
        ([("Classifier", "License :: OSI Approved"), ("License", "MIT License")], "MIT", False),
        ([], "", False),
    ],
)
def test_what_a_package_says_and_whether_it_binds(
    licences: ModuleType, fields: list[tuple[str, str]], licence: str, binds: bool
) -> None:
    said = licences.declared(Declaring(fields))
    assert (said, licences.binds(said)) == (licence, binds)


def test_a_page_that_is_out_of_date_is_a_problem(
    licences: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(licences, "PAGE", tmp_path / "licences.md")
    (tmp_path / "licences.md").write_text(licences.page())
    before = licences.problems()
    (tmp_path / "licences.md").write_text(licences.page() + "- one more\n")
    assert licences.problems() == [*before, "docs/licences.md is out of date: run `python scripts/licences.py --write`"]


def test_the_packages_of_the_browser_page_are_those_that_are_not_for_development(
    licences: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lock.json").write_text(
        '{"packages": {"": {}, "node_modules/react": {"version": "19", "license": "MIT"}, '
        '"node_modules/a/node_modules/@b/c": {"version": "1", "license": "(MIT OR CC0-1.0)"}, '
        '"node_modules/tsc": {"version": "5", "license": "Apache-2.0", "dev": true}}}'
    )
    monkeypatch.setattr(licences, "ROOT", tmp_path)
    found = sorted(licences.node_packages("lock.json", shipped=True))
    assert [(one.name, one.licence) for one in found] == [("@b/c", "MIT OR CC0-1.0"), ("react", "MIT")]
    assert len(list(licences.node_packages("lock.json", shipped=False))) == 3
