"""SNOMED identifiers, DICOM's set, and coded concepts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imaging import labelmap
from imaging.errors import InputError
from imaging.terminology import CodedConcept, check_sctid, checked_concept, find_concept, in_dicom_set, verhoeff_digit
from imaging.terminology.dictionary import dicom_entries, outside_entries

DIGITS = st.integers(100_00, 10**12).map(str)


def test_verhoeffs_own_example():
    """236 has the check digit 3 (Verhoeff 1969)."""
    assert verhoeff_digit("236") == 3


@pytest.mark.parametrize("value", ["64033007", "7771000", "24028007", "51440002", "181414000", "1163375002"])
def test_identifiers_that_are_in_use_are_valid(value):
    assert check_sctid(value).valid


def test_the_engine_has_one_shape_for_a_code():
    assert labelmap.CodedConcept is CodedConcept


def test_the_marketing_code_is_refused_and_its_near_miss_named():
    check = check_sctid("181414003")

    assert (check.valid, check.near_miss) == (False, "181414000")
    with pytest.raises(InputError) as refused:
        checked_concept("181414003", "SCT", "Entire kidney")
    assert refused.value.code == "sctid-check-digit"
    assert "181414000" in refused.value.remedy


@given(DIGITS, st.integers(0, 9), st.data())
def test_one_wrong_digit_or_two_swapped_neighbours_are_found(digits, wrong, data):
    value = digits + str(verhoeff_digit(digits))
    place = data.draw(st.integers(0, len(value) - 2))
    changed = value[:place] + str(wrong) + value[place + 1 :]
    swapped = value[:place] + value[place + 1] + value[place] + value[place + 2 :]

    for other in (changed, swapped):
        fits = str(verhoeff_digit(other[:-1])) == other[-1]
        assert fits == (other == value)


@pytest.mark.parametrize("value", ["", "12", "064033007", "6403300a", "1" * 19, "900000000000207008x", "٦٤٠٣٣٠٠٧"])
def test_what_has_no_shape_of_an_identifier_is_refused_without_a_guess(value):
    check = check_sctid(value)

    assert (check.valid, check.near_miss) == (False, None)


def test_a_description_identifier_is_no_concept():
    digits = "6403301"  # partition 01 after the check digit is added
    value = digits + str(verhoeff_digit(digits))

    assert check_sctid(value).reason == "the identifier is not one of a concept"


def test_dicoms_own_slip_is_left_out():
    assert "115347700" not in dicom_entries()
    assert len(dicom_entries()) > 8000


def test_every_concept_outside_the_set_is_valid_and_flagged():
    for code, entry in outside_entries().items():
        assert check_sctid(code).valid
        assert not in_dicom_set(code)
        assert not entry.in_dicom_set
    assert len(outside_entries()) > 90


def test_concepts_are_found_by_code_in_any_scheme():
    kidney, unknown = find_concept("64033007"), find_concept("999999990000000")

    assert kidney == checked_concept("64033007", "SCT", "Kidney")
    assert kidney is not None and kidney.is_same_code(CodedConcept("64033007", "SCT", "anything"))
    assert not kidney.is_same_code(CodedConcept("64033007", "99HERE", "Kidney"))
    assert unknown is None
    volume = find_concept("118565006")
    assert volume is not None and volume.meaning == "Volume"
    assert in_dicom_set("121071", "DCM") and not in_dicom_set("121071", "SCT")


@pytest.mark.parametrize("parts", [("", "SCT", "x"), ("64033007", "", "x"), ("64033007", "SCT", "")])
def test_a_concept_needs_all_three_parts(parts):
    with pytest.raises(InputError) as refused:
        checked_concept(*parts)
    assert refused.value.code == "code-invalid"
