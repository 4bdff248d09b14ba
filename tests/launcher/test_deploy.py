"""The deployment files agree with the code they start."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from kernel.launcher.keys import ensure_keys
from kernel.launcher.programs import QUEUES
from kernel.launcher.roles import ROLES
from kernel.launcher.settings_check import check_environment

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The compose file as its reader sees it, with every ${VARIABLE} standing for a word or an https address."""
    text = (DEPLOY / "compose.yaml").read_text()
    text = re.sub(r"\$\{PUBLIC_URL[^}]*\}", "https://fiducial.example", text)
    document: dict[str, Any] = yaml.safe_load(re.sub(r"\$\{([A-Z_]+)[^}]*\}", "word", text))
    return document


def test_every_queue_that_a_job_names_is_served() -> None:
    named: set[str] = set()
    for path in [*ROOT.glob("apps/**/*.py"), *ROOT.glob("platform/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.keyword) and node.arg == "queue" and isinstance(node.value, ast.Constant):
                named.add(str(node.value.value))
    assert named <= set(QUEUES)
    assert f"WORKER_QUEUES:-{','.join(QUEUES)}}}" in (DEPLOY / "entrypoint").read_text()


def test_the_settings_of_compose_are_complete_and_consistent(compose: dict[str, Any], tmp_path: Path) -> None:
    settings: dict[str, str] = compose["services"]["web"]["environment"]
    assert {
        Path(settings[name]).name for name in ("ROOT_KEY_FILE", "AUDIT_SIGNING_KEY_FILE", "SECRET_KEY_FILE")
    } == set(compose["secrets"])
    check_environment(settings | ensure_keys(tmp_path), complete=True)


def test_every_service_of_the_image_names_a_role_the_entrypoint_knows(compose: dict[str, Any]) -> None:
    script = (DEPLOY / "entrypoint").read_text()
    for name, service in compose["services"].items():
        if "build" in service and "entrypoint" not in service:
            assert re.search(rf"^    (?:[\w-]+ \| )*{service['command'][0]}(?: \| [\w-]+)*\)", script, re.MULTILINE), (
                name
            )


def test_every_variable_of_compose_is_in_the_example() -> None:
    used = set(re.findall(r"\$\{([A-Z_0-9]+)(?::\?|\})", (DEPLOY / "compose.yaml").read_text()))
    offered = set(re.findall(r"^([A-Z_0-9]+)=", (DEPLOY / ".env.example").read_text(), re.MULTILINE))
    assert used <= offered


def test_the_database_passwords_are_those_of_the_roles() -> None:
    passwords = {
        f"{role.upper()}_PASSWORD" for role, attributes in ROLES.items() if not attributes.startswith("NOLOGIN")
    }
    offered = (DEPLOY / ".env.example").read_text()
    assert all(f"\n{name}=" in offered for name in passwords)


def test_the_entrypoint_refuses_incomplete_settings_and_unknown_roles(tmp_path: Path) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {"PATH": path, "PYTHONPATH": f"{ROOT / 'platform'}:{ROOT}"}
    refused = subprocess.run(
        [DEPLOY / "entrypoint", "web"], env=environment, capture_output=True, text=True, check=False
    )
    assert refused.returncode == 1
    assert "DATABASE_URL is not set." in refused.stderr
    keys = subprocess.run(
        [DEPLOY / "entrypoint", "keys", str(tmp_path)], env=environment, capture_output=True, text=True, check=True
    )
    complete = environment | dict(line.split("=", 1) for line in keys.stdout.split())
    complete |= {f"DATABASE{part}_URL": f"postgresql://{part}x@db/x" for part in ("", "_OWNER", "_SYSTEM")}
    complete |= {"BROKER_URL": "redis://b", "STORAGE_URL": "file:///srv", "PUBLIC_URL": "https://x.example"}
    unknown = subprocess.run([DEPLOY / "entrypoint", "wrok"], env=complete, capture_output=True, text=True, check=False)
    assert unknown.returncode == 64
    assert "no role 'wrok'" in unknown.stderr
