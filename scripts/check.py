#!/usr/bin/env python3
"""`make check`: what a machine can say about the source without running it. All checks run; failures come last."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from kernel.launcher.programs import program_environment
from kernel.launcher.services import Services

ROOT = Path(__file__).resolve().parents[1]
FRONTEND = ROOT / "frontend"
OPENAPI = ROOT / "docs" / "api" / "openapi.yaml"
TYPES = FRONTEND / "src" / "api" / "schema.d.ts"
PYTHON_SOURCES = (".",)
TYPED_SOURCES = ("apps", "platform", "tests", "scripts", "manage.py")
PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "config.settings.production",
    "PUBLIC_URL": "https://fiducial.example",
    "SOCKET_URL": "https://fiducial.example",
}


@dataclass(frozen=True)
class Check:
    """One command; it passes when it exits with 0."""

    name: str
    command: tuple[str, ...]
    remedy: str
    cwd: Path = ROOT
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What a check said and how long it took."""

    check: Check
    passed: bool
    output: str
    seconds: float


def python_checks() -> list[Check]:
    """Format, lint, types, import contracts, licences."""
    return [
        Check("mypy", ("mypy", *TYPED_SOURCES), "correct the types"),
        Check("ruff format", ("ruff", "format", "--check", "--quiet", *PYTHON_SOURCES), "run `make format`"),
        Check(
            "ruff", ("ruff", "check", "--quiet", *PYTHON_SOURCES), "mend them; `ruff check --fix` does the easy ones"
        ),
        Check("import contracts", ("lint-imports",), "move the code to the room it belongs to"),
        Check(
            "licences",
            (sys.executable, "scripts/licences.py"),
            "choose another package, or run `python scripts/licences.py --write`",
        ),
    ]


def django_checks(settings: Mapping[str, str], scratch: Path) -> list[Check]:
    """Migrations, deployment settings and the OpenAPI file, against a throw-away database."""
    manage = (sys.executable, "manage.py")
    development = {**settings, "DJANGO_SETTINGS_MODULE": "config.settings.test"}
    fresh = scratch / "openapi.yaml"
    return [
        Check(
            "migrations",
            (*manage, "makemigrations", "--check", "--dry-run"),
            "run `manage.py makemigrations`",
            environment=development,
        ),
        Check(
            "deploy settings",
            (*manage, "check", "--deploy", "--fail-level", "WARNING"),
            "correct config/settings/production.py",
            environment={**settings, **PRODUCTION},
        ),
        Check(
            "OpenAPI",
            (sys.executable, "scripts/check.py", "openapi", str(fresh)),
            "look at the difference; `make openapi` accepts it",
            environment=development,
        ),
    ]


def frontend_checks(scratch: Path) -> list[Check]:
    """Types, import rules, and whether the generated API types are those of the committed OpenAPI file."""
    if not (FRONTEND / "node_modules").is_dir():
        print("check: the frontend is not installed here, its checks are left out", flush=True)
        return []
    scripts = json.loads((FRONTEND / "package.json").read_text()).get("scripts", {})
    checks = [
        Check(f"frontend {name}", ("npm", "run", "--silent", name), "mend what it names", cwd=FRONTEND)
        for name in ("typecheck", "lint")
        if name in scripts
    ]
    if OPENAPI.exists() and TYPES.exists():
        command = (sys.executable, str(ROOT / "scripts" / "check.py"), "types", str(scratch / "schema.d.ts"))
        checks.append(Check("frontend API types", command, "run `make openapi`", cwd=FRONTEND))
    return checks


def openapi_difference(fresh: Path) -> int:
    """Generate the OpenAPI file and compare it with the committed one; 1 and the difference if they part."""
    command = [sys.executable, "manage.py", "spectacular", "--validate", "--fail-on-warn", "--file", str(fresh)]
    if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
        return 1
    if not OPENAPI.exists():
        print(f"{OPENAPI.relative_to(ROOT)} is not there: run `make openapi` and commit it.")
        return 1
    return difference(OPENAPI, fresh)


def types_difference(fresh: Path) -> int:
    """Generate the frontend's API types and compare them with the committed ones."""
    command = ["npx", "--no-install", "openapi-typescript", str(OPENAPI), "-o", str(fresh)]
    done = subprocess.run(command, cwd=FRONTEND, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(done.stdout + done.stderr)
        return 1
    return difference(TYPES, fresh)


def difference(committed: Path, fresh: Path) -> int:
    """Print how `fresh` differs from `committed`; 0 if it does not."""
    return subprocess.run(["diff", "--unified=2", str(committed), str(fresh)], check=False).returncode


def perform(check: Check) -> Outcome:
    """Run one check with its output collected."""
    started = time.monotonic()
    done = subprocess.run(
        check.command,
        cwd=check.cwd,
        env=program_environment(check.environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    outcome = Outcome(check, done.returncode == 0, done.stdout, time.monotonic() - started)
    print(f"check: {'ok  ' if outcome.passed else 'FAIL'} {check.name} {outcome.seconds:.1f} s", flush=True)
    return outcome


def last_lines(text: str, count: int = 100) -> str:
    """The end of a long output, where tools put what matters."""
    lines = text.rstrip().splitlines()
    return "\n".join(lines if len(lines) <= count else ["…", *lines[-count:]])


def reason(text: str) -> str:
    """One line that says why: tools end with their count or the exception, without what only decorates."""
    lines = [line.strip() for line in text.splitlines() if any(letter.isalnum() for letter in line)]
    return lines[-1][:160] if lines else "it said nothing"


def check_everything() -> int:
    """Run all checks, two at a time; 0 if all pass."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="fiducial-check-") as folder:
        scratch = Path(folder)
        with Services(scratch / "services", throw_away=True, environment={}) as settings:
            checks = [*python_checks(), *django_checks(settings, scratch), *frontend_checks(scratch)]
            with ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
                outcomes = list(pool.map(perform, checks))
    failed = [outcome for outcome in outcomes if not outcome.passed]
    for outcome in failed:
        print(f"\n=== {outcome.check.name}: {outcome.check.remedy}\n{last_lines(outcome.output)}")
    for outcome in failed:
        print(f"check: {outcome.check.name}: {reason(outcome.output)}; {outcome.check.remedy}")
    print(f"check: {len(outcomes) - len(failed)} of {len(outcomes)} passed in {time.monotonic() - started:.0f} s")
    return 1 if failed else 0


def main() -> int:
    """`check.py` runs everything; `check.py openapi|types FILE` are two of the parts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="?", choices=("openapi", "types"))
    parser.add_argument("file", nargs="?", type=Path)
    options = parser.parse_args()
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # also without activation
    if options.part == "openapi":
        return openapi_difference(options.file)
    if options.part == "types":
        return types_difference(options.file)
    return check_everything()


if __name__ == "__main__":
    sys.exit(main())
