"""The manifest is the version: golden bytes, and properties that keep it from moving."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.datasets.domain import manifest as m
from apps.datasets.domain.splits import SIDES, side_for

MEMBER = m.MemberEntry(
    case="Case 0001",
    subject="F7W13JX0Q2SVAQX1W",
    split="train",
    study_instance_uid="2.25.1",
    series=(m.SeriesEntry("2.25.2", "CT", (m.InstanceEntry("2.25.3", "ab" * 32),), 4, "cd" * 32),),
    reference="adjudication",
    reference_read="01a1fa34-66bd-79eb-9d75-5c4367753971",
    readers=2,
    settled_at="2026-11-20T18:25:04.650497Z",
    nothing_found=False,
)
MANIFEST = m.Manifest(
    project="lung",
    dataset="nodules",
    label_schema_version=1,
    label_schema_digest="11" * 32,
    charter_digest="22" * 32,
    deidentification_policy="basic",
    terminology_edition="PS3.16-2024c",
    classes=({"number": 1, "name": "Nodule ü"},),
    members=(MEMBER,),
)


def test_the_canonical_bytes_are_these() -> None:
    assert MANIFEST.canonical_bytes().startswith(b'fiducial-dataset-manifest/1\n{"charter_digest":"2222')
    assert MANIFEST.digest == "494490114818a3c3d8473658234f1163d76c0585653e18da2d9087db50807606"
    assert MEMBER.leaf == "45719606bc2e709730026ed896acc55bc272ed4d72fc19e23428d2580acef0a6"


def test_bytes_and_back_is_the_same() -> None:
    assert m.parse(MANIFEST.canonical_bytes()) == MANIFEST


def test_bytes_that_are_not_canonical_are_refused() -> None:
    body = json.loads(MANIFEST.canonical_bytes().partition(b"\n")[2])
    with pytest.raises(ValueError, match="canonical"):
        m.parse(m.KIND + json.dumps(body, indent=1).encode())
    with pytest.raises(ValueError, match="manifest"):
        m.parse(b"{}")


@given(st.permutations([replace(MEMBER, case=f"Case {n:04}") for n in range(5)]))
def test_the_order_cases_came_in_does_not_matter(members: list[m.MemberEntry]) -> None:
    ordered = replace(MANIFEST, members=tuple(sorted(members, key=lambda e: e.case)))
    assert replace(MANIFEST, members=tuple(members)).digest == ordered.digest


@pytest.mark.parametrize(
    "changed",
    [
        replace(MEMBER, nothing_found=True),
        replace(MEMBER, split="test"),
        replace(MEMBER, series=(replace(MEMBER.series[0], label_digest="ef" * 32),)),
        replace(MEMBER, series=(replace(MEMBER.series[0], instances=(m.InstanceEntry("2.25.3", "ff" * 32),)),)),
    ],
)
def test_any_change_of_content_is_another_version(changed: m.MemberEntry) -> None:
    assert replace(MANIFEST, members=(changed,)).digest != MANIFEST.digest
    assert m.difference([MEMBER], [changed]) == {"added": [], "removed": [], "changed": ["Case 0001"]}


def test_sides_are_near_their_shares_and_do_not_depend_on_order() -> None:
    counts = {side: 0 for side in SIDES}
    for number in range(4000):
        counts[side_for("d", f"subject-{number}")] += 1
    assert 2680 < counts["train"] < 2920
    assert 510 < counts["validation"] < 690
    assert 510 < counts["test"] < 690
    assert side_for("d", "subject-1") == side_for("d", "subject-1")
