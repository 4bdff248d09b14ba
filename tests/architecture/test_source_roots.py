"""`platform/` is a root on the path, not a package, and shadows nothing of the standard library."""

import platform
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_stdlib_platform_is_not_shadowed() -> None:
    assert Path(platform.__file__).parent == Path(sysconfig.get_path("stdlib"))
    assert not (ROOT / "platform" / "__init__.py").exists()
    assert not (ROOT / "platform.py").exists()


def test_source_roots_hold_no_stdlib_names() -> None:
    for root in (ROOT / "platform", ROOT / "tests"):
        names = {p.stem for p in root.iterdir() if not p.name.startswith((".", "__"))}
        assert not names & sys.stdlib_module_names
