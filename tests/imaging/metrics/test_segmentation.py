"""What holds for every pair of masks, what is refused, and many classes in one pass."""

from __future__ import annotations

import numpy as np
import pytest
import surface_distance
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from imaging.errors import InputError
from imaging.geometry import VolumeGeometry
from imaging.metrics import compare_labelmaps, compare_masks, detect_lesions, summarise
from imaging.metrics.masks import foreground_box

MASKS = arrays(np.bool_, (5, 6, 7), elements=st.booleans())
STEPS = st.tuples(*[st.floats(0.3, 6)] * 3)


def geometry(direction, spacing):
    return VolumeGeometry((0.0, 0.0, 0.0), direction, spacing, (5, 6, 7))


@settings(max_examples=40, deadline=None)
@given(MASKS, MASKS, STEPS)
def test_random_masks_agree_with_surface_distance(reference, prediction, spacing):
    if not (reference.any() and prediction.any()):
        return
    theirs = surface_distance.compute_surface_distances(reference, prediction, spacing)

    ours = compare_masks(reference, prediction, spacing, definitions="surfel", nsd_tolerance_mm=1.5)

    assert ours.hd_mm == pytest.approx(surface_distance.compute_robust_hausdorff(theirs, 100), rel=1e-6)
    expected = surface_distance.compute_surface_dice_at_tolerance(theirs, 1.5)
    assert ours.nsd == pytest.approx(expected, rel=1e-6, abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(MASKS, MASKS, STEPS)
def test_swapping_the_two_changes_only_the_sign_of_the_volume_error(reference, prediction, spacing):
    one, other = compare_masks(reference, prediction, spacing), compare_masks(prediction, reference, spacing)

    assert one.volume_error_ml == pytest.approx(-other.volume_error_ml)
    for name in ("dice", "iou", "hd_mm", "hd95_mm", "assd_mm", "masd_mm", "nsd"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), nan_ok=False), name


@settings(max_examples=30, deadline=None)
@given(MASKS, MASKS)
def test_a_larger_image_changes_nothing(reference, prediction):
    padding = [(3, 2), (0, 5), (4, 1)]

    small = compare_masks(reference, prediction, (2, 1, 0.5))
    large = compare_masks(np.pad(reference, padding), np.pad(prediction, padding), (2, 1, 0.5))

    assert small == large


def test_a_sheared_grid_is_measured_as_it_lies_in_the_patient():
    tilt = np.radians(20)
    slanted = geometry(((np.cos(tilt), 0.0, 0.0), (np.sin(tilt), 1.0, 0.0), (0.0, 0.0, 1.0)), (2.0, 1.0, 1.0))
    one, other = np.zeros((5, 6, 7), bool), np.zeros((5, 6, 7), bool)
    one[1, 2, 3] = other[3, 3, 3] = True

    metrics = compare_masks(one, other, slanted, definitions="voxel")

    step = np.array([2 * 2 * np.cos(tilt), 2 * 2 * np.sin(tilt) + 1, 0])
    assert metrics.hd_mm == pytest.approx(float(np.linalg.norm(step)))
    assert compare_masks(one, np.zeros_like(one), slanted).volume_error_ml == pytest.approx(-2 * np.cos(tilt) / 1000)


def test_surfel_areas_of_a_sheared_plane_keep_their_size():
    """A slab seen in rotated axes has the surface it has in straight ones."""
    slab = np.zeros((5, 6, 7), bool)
    slab[1:4, 1:5, 2:6] = True
    other = np.roll(slab, 1, axis=0)
    turn = np.radians(33)
    rotated = geometry(
        ((np.cos(turn), -np.sin(turn), 0.0), (np.sin(turn), np.cos(turn), 0.0), (0.0, 0.0, 1.0)), (2.0, 0.7, 0.9)
    )

    straight = compare_masks(slab, other, (2.0, 0.7, 0.9), definitions="surfel")
    turned = compare_masks(slab, other, rotated, definitions="surfel")

    assert turned.as_json() == pytest.approx(straight.as_json())


def test_a_distance_that_equals_the_tolerance_is_within_it():
    one, other = np.zeros((1, 1, 9), bool), np.zeros((1, 1, 9), bool)
    one[0, 0, 2] = other[0, 0, 5] = True

    metrics = compare_masks(one, other, (1, 1, 0.1), definitions="voxel", nsd_tolerance_mm=0.3)

    assert metrics.nsd == 1.0


@pytest.mark.parametrize(
    ("reference", "prediction", "outcome", "dice"),
    [(0, 0, "both-empty", None), (1, 0, "missed", 0.0), (0, 1, "invented", 0.0)],
)
def test_empty_masks_are_counted_and_have_no_distances(reference, prediction, outcome, dice):
    shape = (3, 4, 5)

    metrics = compare_masks(np.full(shape, reference, bool), np.full(shape, prediction, bool), (1, 1, 1))

    assert (metrics.outcome, metrics.dice, metrics.iou, metrics.nsd) == (outcome, dice, dice, dice)
    assert (metrics.hd_mm, metrics.hd95_mm, metrics.assd_mm, metrics.masd_mm) == (None,) * 4
    assert metrics.volume_error_ml == (prediction - reference) * 60 / 1000


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64])
def test_classes_in_one_pass_are_the_classes_one_by_one(dtype):
    generator = np.random.default_rng(3)
    reference = generator.integers(0, 5, (8, 9, 10)).astype(dtype)
    prediction = generator.integers(0, 5, (8, 9, 10)).astype(dtype)
    reference[reference == 4] = 0

    together = compare_labelmaps(reference, prediction, (3, 1, 2))

    assert list(together) == [1, 2, 3, 4]
    assert together[4].outcome == "invented"
    for label, metrics in together.items():
        assert metrics == compare_masks(reference == label, prediction == label, (3, 1, 2))


def test_label_numbers_may_be_sparse_and_large():
    reference = np.zeros((6, 7, 8), np.int64)
    reference[1:3, 1:3, 1:3], reference[4:, 4:, 4:] = 70_000, 9_000_000
    prediction = np.where(reference == 70_000, 70_000, 0)

    metrics = compare_labelmaps(reference, prediction, (1, 1, 1), classes=[70_000, 9_000_000, 5])

    assert {label: one.outcome for label, one in metrics.items()} == {
        5: "both-empty",
        70_000: "compared",
        9_000_000: "missed",
    }
    assert metrics[70_000].dice == 1.0


@pytest.mark.parametrize("shape", [(6, 7), (4, 6, 7), (3, 8, 16)])
@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.int16, np.int64])
def test_the_box_is_the_smallest_that_holds_the_foreground(shape, dtype):
    generator = np.random.default_rng(1)
    for part in (0.002, 0.02, 0.5):
        array = (generator.random(shape) < part).astype(dtype)
        where = np.argwhere(array)
        if not len(where):
            assert foreground_box(array) is None
            continue
        ends = zip(where.min(0), where.max(0) + 1, strict=True)
        assert foreground_box(array) == tuple(slice(first, last) for first, last in ends)


@pytest.mark.parametrize(
    ("reference", "prediction", "spacing", "code"),
    [
        (np.zeros((2, 2, 2)), np.zeros((2, 2, 3)), (1, 1, 1), "shape-mismatch"),
        (np.full((2, 2, 2), np.nan), np.zeros((2, 2, 2)), (1, 1, 1), "not-finite"),
        (np.full((2, 2, 2), 0.5), np.zeros((2, 2, 2)), (1, 1, 1), "fractional-labels"),
        (np.full((2, 2, 2), -1), np.zeros((2, 2, 2)), (1, 1, 1), "negative-label"),
        (np.zeros((2, 2, 2)), np.zeros((2, 2, 2)), (1, 0, 1), "spacing-invalid"),
        (np.zeros((2, 2, 2)), np.zeros((2, 2, 2)), (1, np.nan, 1), "spacing-invalid"),
        (np.zeros((2, 2, 2)), np.zeros((2, 2, 2)), (1, 1), "spacing-invalid"),
        (np.zeros(4), np.zeros(4), (1,), "dimensions-not-2-or-3"),
        (np.array([["a"]]), np.array([["a"]]), (1, 1), "labels-not-numeric"),
    ],
)
def test_what_is_no_pair_of_masks_is_refused(reference, prediction, spacing, code):
    with pytest.raises(InputError) as refused:
        compare_masks(reference, prediction, spacing)
    assert refused.value.code == code


def test_a_mean_needs_one_definition():
    mask = np.ones((2, 2, 2), bool)
    voxel = compare_masks(mask, mask, (1, 1, 1), definitions="voxel")
    with pytest.raises(InputError) as refused:
        summarise([voxel, compare_masks(mask, mask, (1, 1, 1))])
    assert refused.value.code == "definitions-differ"


def test_a_summary_counts_what_it_cannot_average():
    full, empty = np.ones((2, 2, 2), bool), np.zeros((2, 2, 2), bool)
    half = full.copy()
    half[0] = False
    cases = [(full, full), (full, half), (full, empty), (empty, empty)]

    summary = summarise([compare_masks(*case, (1, 1, 1)) for case in cases])

    assert (summary["hd_mm"].n, summary["hd_mm"].n_missed, summary["hd_mm"].n_both_empty) == (2, 1, 1)
    assert summary["dice"].n == 3
    assert summary["dice"].mean == pytest.approx((1 + 2 / 3 + 0) / 3)


def test_a_lesion_below_the_smallest_volume_is_left_out():
    reference = np.zeros((1, 9, 9), bool)
    reference[0, 1:4, 1:4] = reference[0, 7, 7] = True

    detection = detect_lesions(reference, reference, (1, 1, 1), min_volume_ml=0.002)

    assert (detection.reference_lesions, detection.prediction_lesions) == (1, 1)
    assert (detection.sensitivity, detection.ppv, detection.mean_lesion_dice) == (1.0, 1.0, 1.0)


def test_a_lesion_needs_the_part_that_is_asked_to_be_covered():
    reference, prediction = np.zeros((1, 4, 10), bool), np.zeros((1, 4, 10), bool)
    reference[0, 1, :] = True
    prediction[0, 1, 0] = True

    touched = detect_lesions(reference, prediction, (1, 1, 1))
    covered = detect_lesions(reference, prediction, (1, 1, 1), min_overlap=0.2)

    assert (touched.detected, covered.detected, covered.true_predictions) == (1, 0, 1)
    assert (touched.definition_id, covered.definition_id) == ("lesion-any-overlap/1", "lesion-overlap-part/1")
