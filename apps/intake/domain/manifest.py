"""The manifest of an admission: what was changed in each instance, without any original value."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from imaging.deid.result import TagChange, VaultRecord

_KIND = "fiducial-admission/1"


def manifest_line(
    sop_instance_uid: str, source_digest: str, output_digest: str, changes: Sequence[TagChange]
) -> dict[str, Any]:
    """One instance of a manifest."""
    return {
        "sop_instance_uid": sop_instance_uid,
        "source_sha256": source_digest,
        "output_sha256": output_digest,
        "changes": [[c.path, c.keyword, c.vr, c.action, c.reason, c.before_kind, c.before_digest] for c in changes],
    }


def manifest_bytes(policy: str, policy_digest: str, engine: str, lines: Sequence[dict[str, Any]]) -> bytes:
    """Canonical bytes of a manifest: a header line, then one line for each instance by UID."""
    header = {
        "kind": _KIND,
        "policy": policy,
        "policy_digest": policy_digest,
        "engine": engine,
        "instances": len(lines),
    }
    ordered = sorted(lines, key=lambda line: str(line["sop_instance_uid"]))
    return b"\n".join(orjson.dumps(row, option=orjson.OPT_SORT_KEYS) for row in [header, *ordered]) + b"\n"


def vault_bytes(records: Iterable[tuple[str, Sequence[VaultRecord]]]) -> bytes:
    """The original values by instance, for the vault only."""
    return b"\n".join(
        orjson.dumps({"sop_instance_uid": uid, "records": [[r.path, r.keyword, r.vr, r.original] for r in found]})
        for uid, found in records
    )


def summary(manifests: Iterable[bytes]) -> dict[str, Any]:
    """Changes over several manifests by tag, action and reason, with the number of instances each touched."""
    counted: Counter[tuple[str, str, str, str, str]] = Counter()
    policy, policy_digest, instances, unchanged = "", "", 0, 0
    for content in manifests:
        header, *lines = [orjson.loads(line) for line in content.splitlines()]
        policy, policy_digest = header["policy"], header["policy_digest"]
        for line in lines:
            instances += 1
            unchanged += not line["changes"]
            counted.update({tuple(change[:5]) for change in line["changes"]})
    changes = [
        {"tag": tag, "keyword": keyword, "vr": vr, "action": action, "reason": reason, "instances": count}
        for (tag, keyword, vr, action, reason), count in sorted(counted.items())
    ]
    return {
        "policy": policy,
        "policy_digest": policy_digest,
        "instances": instances,
        "unchanged": unchanged,
        "changes": changes,
    }


def digest(content: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()
