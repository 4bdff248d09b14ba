"""Labels as people write them, and the list that nobody here wrote."""

from __future__ import annotations

import csv
import importlib
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging.errors import InputError
from imaging.terminology import BILATERAL, LEFT, RIGHT, find_concept, lexicon, suggest
from imaging.terminology.index import shared_index
from imaging.terminology.laterality import split_side
from imaging.terminology.text import words

# The package names the function as its module is named.
suggestions = importlib.import_module("imaging.terminology.suggest")

# Written for this test from general knowledge, not taken from the reference list; every row is a rule at work.
LABELS = [
    ("Kidney", "en", "64033007", None),
    ("KIDNEY_L", "en", "64033007", LEFT),
    ("rt. kidney", "en", "64033007", RIGHT),
    ("both kidneys", "en", "64033007", BILATERAL),
    ("Testes", "en", "40689003", BILATERAL),
    ("Femora", "de", "71341001", BILATERAL),
    ("left ventricle", "en", "87878005", None),
    ("RightAtrium", "en", "73829009", None),
    ("middle_lobe_lung_right", "en", "72481006", None),
    ("upper lobe of the left lung", "en", "45653009", LEFT),
    ("T04", "en", "73071006", None),
    ("Th4", "de", "73071006", None),
    ("BWK 4", "de", "73071006", None),
    ("rib_right_11", "en", "58830002", RIGHT),
    ("4th ventricle", "en", "35918002", None),
    ("liver segment IV", "en", None, None),
    ("haematoma", "en", "50960005", None),
    ("oesophageal", "en", "32849002", None),
    ("pancraes", "en", "15776009", None),
    ("sternm", "en", "56873002", None),
    ("Nierenbecken links", "de", "25990002", LEFT),
    ("Oberschenkelkopf re", "de", "2812003", RIGHT),
    ("Lendenwirbelsäule", "de", "122496007", None),
    ("œil gauche", "fr", "81745001", LEFT),
    ("tête fémorale droite", "fr", "2812003", RIGHT),
    ("veine cave inférieure", "fr", "64131007", None),
    ("col de l'utérus", "fr", "71252005", None),
    ("Glándula tiroides", "es", "69748006", None),
    ("pulmones", "es", "39607008", BILATERAL),
    ("ventrículo derecho", "es", "53085002", None),
    ("nódulo hepático", "es", "27925004", None),
    ("kyste du rein droit", "fr", "367643001", RIGHT),
    ("Glnd_Thyroid", "en", "69748006", None),
    ("V_Venacava_I", "en", "64131007", None),
    ("A_Mesenteric_S", "en", "42258001", None),
]


def read_labels(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        pytest.skip("the terminology references are absent")
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(("label", "language", "code", "side"), LABELS)
def test_labels_as_people_write_them(label, language, code, side):
    first = suggest(label, language)[0]

    if code is not None:
        assert first.type.value == code, first
    assert first.laterality == side
    assert first.reason


def measured(rows):
    """Parts of the list right at first and among five, and with the right flag."""
    first = among_five = flagged = 0
    for row in rows:
        accepted = {row["type_code"], *re.findall(r"\d{6,}", row["accept_alt"])}
        found = suggest(row["label"], row["lang"])
        right = [
            s.type.value in accepted and (s.laterality.value if s.laterality else "") == row["laterality_code"]
            for s in found
        ]
        first += right[:1] == [True]
        among_five += any(right)
        flagged += bool(found) and found[0].in_dicom_set == (row["in_dicom_2024c"] == "yes")
    return first / len(rows), among_five / len(rows), flagged / len(rows)


@pytest.fixture
def rows(shared_dir):
    return read_labels(shared_dir / "references" / "terminology" / "labels.csv")


def test_the_reference_list_meets_its_targets(rows):
    first, among_five, flagged = measured(rows)

    assert len(rows) == 100
    assert first >= 0.95
    assert among_five >= 0.99
    assert flagged >= 0.95


def test_the_reference_list_is_not_the_dictionary(rows, monkeypatch):
    """Without every phrase that is a label of the list (side left out), rules alone still find nearly all."""
    plain = [words(row["label"]) for row in rows]
    labels = {tuple(label) for label in plain}
    labels |= {tuple(split_side(label, row["lang"])[0]) for label, row in zip(plain, rows, strict=True)}
    tables = lexicon._phrases()
    kept = tuple({key: value for key, value in table.items() if key not in labels} for table in tables)
    assert sum(map(len, kept)) < sum(map(len, tables))
    monkeypatch.setattr(lexicon, "_phrases", lambda: kept)
    shared_index.cache_clear()
    suggestions._by_words.cache_clear()
    try:
        first, among_five, _ = measured(rows)
    finally:
        monkeypatch.undo()
        shared_index.cache_clear()
        suggestions._by_words.cache_clear()

    assert first >= 0.92
    assert among_five >= 0.95


def test_a_finding_is_the_type_and_its_place_the_region():
    first = suggest("left kidney cyst")[0]

    assert (first.type.value, first.laterality) == ("367643001", LEFT)
    assert first.region is not None and first.region.value == "64033007"


def test_a_code_outside_the_dicom_set_says_so():
    first = suggest("Kidney_Cortex_R")[0]

    assert (first.type.value, first.in_dicom_set) == ("50403003", False)
    assert "licence" in first.reason


def test_two_structures_in_one_label_are_both_offered():
    found = [suggestion.type.value for suggestion in suggest("prostate/uterus")]

    assert found[:2] == ["41216001", "35039007"]


def test_an_identifier_is_answered_by_its_concept_and_a_mistyped_one_refused():
    assert suggest("64033007")[0].type == find_concept("64033007")
    with pytest.raises(InputError) as refused:
        suggest("181414003")
    assert refused.value.code == "sctid-check-digit"
    assert "181414000" in str(refused.value)


def test_suggestions_are_ranked_limited_and_the_same_every_time():
    found = suggest("artery", limit=3)

    assert len(found) == 3
    assert [s.score for s in found] == sorted((s.score for s in found), reverse=True)
    assert found == suggest("artery", limit=3)


@settings(max_examples=150, deadline=None)
@given(st.text(min_size=1, max_size=40), st.sampled_from(["en", "de", "fr", "es"]))
def test_any_text_is_answered_or_refused(text, language):
    try:
        found = suggest(text, language)
    except InputError as refused:
        assert refused.code in ("text-invalid", "sctid-check-digit")
        return
    assert len(found) <= 5
    assert all(0 < suggestion.score <= 1 for suggestion in found)


@pytest.mark.parametrize("text", ["xqzzk", "12", "—", "PTV60"])
def test_what_names_no_structure_gets_no_confident_answer(text):
    assert all(suggestion.score < 0.9 for suggestion in suggest(text))


@pytest.mark.parametrize(
    ("text", "language", "code"),
    [
        ("", "en", "text-invalid"),
        ("   ", "en", "text-invalid"),
        ("x" * 201, "en", "text-invalid"),
        ("liver", "it", "language-unknown"),
    ],
)
def test_what_is_no_label_is_refused(text, language, code):
    with pytest.raises(InputError) as refused:
        suggest(text, language)
    assert refused.value.code == code
