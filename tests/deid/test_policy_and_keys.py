"""The compiler's precedence and digest, and what a subject's secret gives."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, strategies

from imaging.deid import SubjectKeys, load_policy, subject_secret
from imaging.deid.actions import Action, Option
from imaging.deid.dates import cap_age, shift_da, shift_dt
from imaging.deid.policy import Policy, parse_policy, ready_made, table_tags
from imaging.errors import InputError

STUDY_DESCRIPTION, STATION_NAME, BIRTH_DATE, STUDY_DATE = 0x00081030, 0x00081010, 0x00100030, 0x00080020


def test_the_table_has_the_rows_of_2025b_and_2026d() -> None:
    assert len(table_tags()) == 653
    for tag in (
        0x00400556,
        0x003A020C,
        0x003A0203,
        0x003A0020,
        0x3004007F,
        0x0040E012,
        0x00181010,
        0x00700006,
        0x0040B020,
    ):
        assert tag in table_tags()


@pytest.mark.parametrize("name", ready_made())
def test_every_named_attribute_has_exactly_one_action(name: str) -> None:
    policy = load_policy(name)
    assert table_tags() <= policy.rules.keys()
    assert all(isinstance(rule.action, Action) for rule in policy.rules.values())


def test_precedence_override_over_option_over_profile() -> None:
    basic, cleaned = load_policy("basic"), parse_policy({"base": "basic", "options": ["clean-descriptors"]})
    overridden = parse_policy(
        {"base": "basic", "options": ["clean-descriptors"], "overrides": {"StudyDescription": "K"}}
    )
    actions = [p.rules[STUDY_DESCRIPTION] for p in (basic, cleaned, overridden)]
    assert [(rule.action, rule.origin) for rule in actions] == [
        (Action.REMOVE, "profile"),
        (Action.CLEAN, "clean-descriptors"),
        (Action.KEEP, "override"),
    ]


def test_cleaning_beats_keeping_whatever_the_order_of_options() -> None:
    both = {
        Option.CLEAN_DESCRIPTORS,
        Option.RETAIN_PATIENT_CHARACTERISTICS,
        Option.RETAIN_DEVICE,
        Option.RETAIN_INSTITUTION,
    }
    policy = Policy("p", "1", "", frozenset(both))
    alone = [Policy("q", "1", "", frozenset({option})).rules for option in both]
    cleaned = {tag for rules in alone for tag, rule in rules.items() if rule.action is Action.CLEAN}
    assert len(cleaned) > 100
    assert {policy.rules[tag].action for tag in cleaned} == {Action.CLEAN}


def test_a_birth_date_is_never_kept_or_shifted() -> None:
    assert load_policy("hipaa-expert").rules[BIRTH_DATE].action is Action.EMPTY_OR_DUMMY
    with pytest.raises(InputError):
        parse_policy({"overrides": {"PatientBirthDate": "C"}})


def test_digest_changes_with_what_the_policy_does_and_with_nothing_else() -> None:
    one = parse_policy({"name": "a", "options": ["clean-descriptors", "retain-device"]})
    same = parse_policy({"name": "a", "options": ["retain-device", "clean-descriptors"]})
    other = parse_policy({"name": "a", "options": ["clean-descriptors"]})
    assert one.digest == same.digest and re.fullmatch(r"[0-9a-f]{64}", one.digest)
    assert one.digest != other.digest
    assert load_policy("research-tcia").digest == load_policy("research-tcia").digest


def test_diff_and_text_name_the_attribute() -> None:
    base, changed = load_policy("basic"), parse_policy({"base": "basic", "overrides": {"StationName": "K"}})
    (difference,) = base.diff(changed)
    assert (difference.tag, difference.keyword, difference.before, difference.after) == (
        "(0008,1010)",
        "StationName",
        "X/Z/D",
        "K",
    )
    assert "(0008,1010) StationName: keep [K, override]" in changed.as_text()


@pytest.mark.parametrize(
    "content",
    [
        {"options": ["keep-everything"]},
        {"overrides": {"NoSuchKeyword": "X"}},
        {"overrides": {"StudyDate": "Q"}},
        {"surprise": 1},
        {"options": ["retain-longitudinal-full", "retain-longitudinal-modified"]},
        {"signed": "whatever"},
    ],
)
def test_a_policy_that_says_nothing_clear_is_refused(content: dict) -> None:
    with pytest.raises(InputError):
        parse_policy(content)


def test_policies_come_from_files_too(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text('name = "mine"\nbase = "basic"\n[overrides]\n"(0008,1030)" = "Z"\n')
    assert load_policy(path).rules[STUDY_DESCRIPTION].action is Action.EMPTY
    with pytest.raises(InputError):
        load_policy(tmp_path / "absent.toml")


@given(strategies.binary(min_size=32, max_size=32), strategies.text(min_size=1, max_size=64))
def test_pseudonyms_uids_and_accessions_fit_their_vr(secret: bytes, original: str) -> None:
    keys = SubjectKeys(secret)
    assert re.fullmatch(r"[0-9A-Z]{17}", keys.pseudonym())
    assert re.fullmatch(r"[0-9A-Z]{15}", keys.accession(original))
    uid = keys.uid("1.2.3." + str(len(original)))
    assert re.fullmatch(r"2\.25\.[1-9]\d{0,38}", uid) and len(uid) <= 44
    number = int(uid[5:])
    assert number >> 76 & 0xF == 8 and number >> 62 & 0b11 == 0b10
    assert keys.date_shift_days % 7 == 0 and -3660 < keys.date_shift_days <= -364


def test_uids_of_the_standard_stay_and_others_do_not_collide() -> None:
    keys = SubjectKeys(b"\7" * 32)
    assert keys.uid("1.2.840.10008.5.1.4.1.1.2") == "1.2.840.10008.5.1.4.1.1.2"
    assert keys.uid("1.2.840.100081.5") != "1.2.840.100081.5"
    assert len({keys.uid(f"1.2.3.{i}") for i in range(5000)}) == 5000
    assert keys.uid("1.2.3\0") == keys.uid("1.2.3") == SubjectKeys(b"\7" * 32).uid("1.2.3")


def test_a_secret_does_not_show_itself_and_subjects_differ() -> None:
    assert "7" not in repr(SubjectKeys(b"\7" * 32))
    assert subject_secret(b"k" * 32, "A") != subject_secret(b"k" * 32, "B") != subject_secret(b"l" * 32, "B")
    assert subject_secret(b"k" * 32, "A", "x") != subject_secret(b"k" * 32, "A", "y")
    with pytest.raises(InputError):
        SubjectKeys(b"short")


@pytest.mark.parametrize(
    ("value", "days", "expected"),
    [
        ("20200301", -7, "20200223"),
        ("2020.03.01", -7, "2020.02.23"),
        ("20200101", -365, "20190101"),
        ("20201301", -7, None),
        ("hello", -7, None),
        ("", -7, None),
    ],
)
def test_shift_da(value: str, days: int, expected: str | None) -> None:
    assert shift_da(value, days) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("20200301101112.123456+0100", "20200223101112.123456+0100"),
        ("202003", "202003"),
        ("2020", "2020"),
        ("20200301-0500", "20200223-0500"),
        ("20203", None),
        ("20200301T10", None),
    ],
)
def test_shift_dt(value: str, expected: str | None) -> None:
    assert shift_dt(value, -7) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [("089Y", "089Y"), ("090Y", "090Y"), ("120Y", "090Y"), ("006M", "006M"), ("old", None)]
)
def test_cap_age(value: str, expected: str | None) -> None:
    assert cap_age(value, 89) == expected
