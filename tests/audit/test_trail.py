"""The trail is written once, sealed, and any change to it is found."""

import json
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connections
from hypothesis import given
from hypothesis import strategies as st

from apps.audit.domain import merkle
from apps.audit.services import event_record
from apps.audit.services.verifying import verify, verify_file
from kernel.tenancy.scope import tenant_scope


class TestMerkle:
    # RFC 6962 reference vectors (certificate-transparency test data): roots over the first n of these leaves.
    LEAVES = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        bytes(range(0x50, 0x58)),
        bytes(range(0x60, 0x70)),
    ]
    ROOTS = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ]

    def test_roots_are_those_of_the_reference(self) -> None:
        hashes = [merkle.leaf_hash(leaf) for leaf in self.LEAVES]
        assert [merkle.root_of(hashes[:n]).hex() for n in range(1, 9)] == self.ROOTS
        assert merkle.root_of([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    @given(st.lists(st.binary(max_size=8), min_size=1, max_size=70), st.data())
    def test_every_leaf_proves_its_place_and_no_other(self, entries: list[bytes], data: Any) -> None:
        leaves = [merkle.leaf_hash(e + bytes([i])) for i, e in enumerate(entries)]
        index = data.draw(st.integers(0, len(leaves) - 1))
        proof = merkle.inclusion_proof(leaves, index)
        root = merkle.root_of(leaves)
        assert merkle.verify_inclusion(leaves[index], index, len(leaves), proof, root)
        other = data.draw(
            st.integers(0, len(leaves) - 1).filter(lambda i: i != index) if len(leaves) > 1 else st.just(None)
        )
        if other is not None:
            assert not merkle.verify_inclusion(leaves[index], other, len(leaves), proof, root)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_auditevent SET action = 'x'",
        "DELETE FROM audit_auditevent",
        "TRUNCATE audit_auditevent CASCADE",
        "DELETE FROM audit_checkpoint",
        "UPDATE audit_sealedleaf SET leaf_index = 9",
    ],
)
@pytest.mark.parametrize("role", ["default", "owner", "system"])
def test_no_role_of_ours_changes_the_trail(statement: str, role: str, exported: Path) -> None:
    tenant_id = uuid.UUID(lines_of(exported)[0]["tenant_id"])
    with pytest.raises(DatabaseError), tenant_scope(tenant_id, using=role), connections[role].cursor() as cursor:
        cursor.execute(statement)
    with tenant_scope(tenant_id):
        assert verify().ok


@pytest.fixture
def exported(sealed_tenant: Callable[[Path], Path], tmp_path: Path) -> Path:
    """A tenant's log of eight events, sealed twice, exported."""
    return sealed_tenant(tmp_path / "log.jsonl")


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def written(path: Path, lines: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


class TestExportedFile:
    def test_an_untouched_file_is_sound(self, exported: Path) -> None:
        verdict = verify_file(exported)
        assert (verdict.ok, verdict.events, verdict.checkpoints) == (True, 9, 2)

    def test_an_edited_event_is_found(self, exported: Path) -> None:
        lines = lines_of(exported)
        lines[3]["event"]["action"] = "studies.series.never_viewed"
        assert any("was changed" in p for p in verify_file(written(exported, lines)).problems)

    def test_an_edit_with_its_hash_mended_is_found(self, exported: Path) -> None:
        from apps.audit.domain import records

        lines = lines_of(exported)
        lines[3]["event"]["outcome"] = "refused"
        lines[3]["leaf_hash"] = merkle.leaf_hash(records.event_bytes(lines[3]["event"])).hex()
        assert any("do not give its root" in p for p in verify_file(written(exported, lines)).problems)

    def test_a_deleted_event_is_found(self, exported: Path) -> None:
        lines = lines_of(exported)
        del lines[2]
        assert any("missing or moved" in p for p in verify_file(written(exported, lines)).problems)

    def test_reordered_events_are_found(self, exported: Path) -> None:
        lines = lines_of(exported)
        lines[2], lines[3] = lines[3], lines[2]
        assert not verify_file(written(exported, lines)).ok

    def test_a_truncated_file_is_found(self, exported: Path) -> None:
        assert any("was cut" in p for p in verify_file(written(exported, lines_of(exported)[:-1])).problems)

    def test_a_dropped_last_checkpoint_is_found(self, exported: Path) -> None:
        lines = lines_of(exported)
        lines[0]["checkpoints"] = 1
        assert any("no checkpoint seals" in p for p in verify_file(written(exported, lines[:-1])).problems)

    def test_a_forged_checkpoint_is_found(self, exported: Path) -> None:
        lines = lines_of(exported)
        lines[-1]["checkpoint"]["size"] = 8
        assert any("signature" in p for p in verify_file(written(exported, lines)).problems)


def test_a_late_commit_is_sealed_and_none_twice(committed: Callable[..., Any]) -> None:
    """Ids commit out of order: an event written first and committed last must still get its place."""
    result = committed(late=True)
    assert result == {"first": 1, "second": 1, "sound": True}


@pytest.mark.django_db
def test_an_event_is_lost_with_the_act_it_tells(north: Any) -> None:
    from apps.audit.models import AuditEvent

    with pytest.raises(ZeroDivisionError), tenant_scope(north.id):
        event_record(actor=north.owner, action="tests.thing.done", object_kind="thing")
        raise ZeroDivisionError
    with tenant_scope(north.id):
        assert not AuditEvent.objects.filter(action="tests.thing.done").exists()


def test_verification_of_a_file_needs_no_framework(exported: Path) -> None:
    code = (
        "import sys; from pathlib import Path; "
        "from apps.audit.domain import merkle, records, verification; "
        "assert 'django' not in sys.modules; print('ok')"
    )
    import sys

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert done.stdout.strip() == "ok", done.stderr
