"""Ratings as the coefficients take them: a table of items × raters with gaps, or a contingency table."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from imaging.errors import InputError

Counts = NDArray[np.float64]
Scheme = Literal["none", "linear", "quadratic", "ordinal"]


@dataclass(frozen=True)
class Ratings:
    """`codes` (items, raters): index into `categories`, −1 where a rater did not rate an item.

    `categories` are in rank order: ascending where they are numbers. `from_contingency` says that the items came as
    the counts of a two-rater table, whose published variances divide by n where those of raw ratings divide by n − 1.
    """

    codes: NDArray[np.intp]
    categories: tuple[Hashable, ...]
    from_contingency: bool = False

    @property
    def counts(self) -> Counts:
        """(items, categories): how many raters put the item into the category."""
        chosen = self.codes[:, :, None] == np.arange(len(self.categories))
        return np.asarray(chosen.sum(axis=1), float)

    @property
    def scores(self) -> NDArray[np.float64]:
        """The categories as numbers; their ranks 0, 1, 2, … where they are none."""
        if all(_is_number(category) for category in self.categories):
            return np.array(self.categories, float)
        return np.arange(len(self.categories), dtype=float)

    @property
    def n_items(self) -> int:
        """Items with at least one rating."""
        return int(np.count_nonzero((self.codes >= 0).any(axis=1)))

    @property
    def n_ratings(self) -> int:
        """Ratings given."""
        return int(np.count_nonzero(self.codes >= 0))

    @property
    def prevalence(self) -> dict[str, float]:
        """Part of all ratings that each category got."""
        given = self.counts.sum(axis=0)
        return {str(c): float(part) for c, part in zip(self.categories, given / given.sum(), strict=True)}

    def values(self) -> NDArray[np.float64]:
        """(items, raters) scores, NaN where missing."""
        return np.where(self.codes >= 0, self.scores[self.codes], np.nan)

    def contingency(self) -> Counts:
        """Square table of two raters over the items that both rated. Raises `InputError` for other than two raters."""
        if self.codes.shape[1] != 2:
            raise InputError(
                f"A contingency table needs two raters, there are {self.codes.shape[1]}",
                remedy="Choose a coefficient for several raters, or two of them.",
                code="not-two-raters",
            )
        both = self.codes[(self.codes >= 0).all(axis=1)]
        size = len(self.categories)
        return np.bincount(both[:, 0] * size + both[:, 1], minlength=size**2).reshape(size, size).astype(float)


def ratings_from_matrix(
    matrix: Sequence[Sequence[Hashable | None]], categories: Sequence[Hashable] | None = None
) -> Ratings:
    """From rows of items, one column per rater; None or NaN is a missing rating.

    `categories` gives all possible categories in rank order, also those nobody used; without it, those that occur.
    Raises `InputError` for an empty table, ragged rows, fewer than two raters, or a rating outside `categories`.
    """
    rows = [[None if _is_missing(value) else _plain(value) for value in row] for row in matrix]
    if not rows or not any(value is not None for row in rows for value in row):
        raise InputError("The table holds no rating", remedy="Give items and their ratings.", code="empty-table")
    if len({len(row) for row in rows}) > 1:
        raise InputError("The rows differ in length", remedy="Give every rater a column.", code="ragged-table")
    if len(rows[0]) < 2:
        raise InputError("Agreement needs at least two raters", remedy="Add a rater.", code="one-rater")
    known = _ordered({v for row in rows for v in row if v is not None}) if categories is None else tuple(categories)
    index = {category: k for k, category in enumerate(known)} | {None: -1}
    try:
        codes = np.array([[index[value] for value in row] for row in rows], np.intp)
    except KeyError:
        raise InputError(
            "A rating is not one of the categories", remedy="List every category.", code="category-unknown"
        ) from None
    return Ratings(codes, known)


def ratings_from_records(
    records: Iterable[tuple[Hashable, Hashable, Hashable | None]], categories: Sequence[Hashable] | None = None
) -> Ratings:
    """From (item, rater, rating) triples in any order. Raises `InputError` also where a rater rates an item twice."""
    items: dict[Hashable, int] = {}
    raters: dict[Hashable, int] = {}
    given: dict[tuple[int, int], Hashable | None] = {}
    for item, rater, rating in records:
        place = (items.setdefault(item, len(items)), raters.setdefault(rater, len(raters)))
        if place in given:
            raise InputError("A rater rated an item twice", remedy="Keep one rating of the two.", code="rating-twice")
        given[place] = rating
    matrix = [[given.get((i, r)) for r in range(len(raters))] for i in range(len(items))]
    return ratings_from_matrix(matrix, categories)


def ratings_from_contingency(table: Sequence[Sequence[float]], categories: Sequence[Hashable] | None = None) -> Ratings:
    """From a square table of counts, rows the first rater, columns the second. Raises `InputError`."""
    counts = _as_counts(table)
    if counts.shape[0] != counts.shape[1]:
        raise InputError("The table is not square", remedy="Give both raters all categories.", code="table-not-square")
    pairs = np.argwhere(counts >= 0).repeat(counts.ravel().astype(int), axis=0)
    known = tuple(range(1, len(counts) + 1)) if categories is None else tuple(categories)
    if len(known) != len(counts):
        raise InputError("The names do not fit the table", remedy="Name every category.", code="category-unknown")
    return Ratings(pairs.astype(np.intp), known, from_contingency=True)


def ratings_from_distribution(
    table: Sequence[Sequence[float]], categories: Sequence[Hashable] | None = None
) -> Ratings:
    """From counts per item and category (which rater chose what is not known). Raises `InputError`."""
    counts = _as_counts(table)
    width = int(counts.sum(axis=1).max())
    if width < 2:
        raise InputError("Agreement needs at least two raters", remedy="Add a rater.", code="one-rater")
    codes = np.full((len(counts), width), -1, np.intp)
    for row, item in enumerate(counts.astype(int)):
        chosen = np.repeat(np.arange(counts.shape[1]), item)
        codes[row, : chosen.size] = chosen
    return Ratings(codes, tuple(range(1, counts.shape[1] + 1)) if categories is None else tuple(categories))


def category_weights(scores: NDArray[np.float64], scheme: Scheme) -> Counts:
    """Square matrix of agreement weights: 1 on the diagonal, less the further apart two categories are.

    "linear" and "quadratic" are by score difference (Cicchetti–Allison, Fleiss–Cohen), "ordinal" by the number of
    pairs of categories between two ranks (Gwet 2014, ch. 3).
    """
    size = len(scores)
    if scheme == "none" or size < 2:
        return np.eye(size)
    if scheme == "ordinal":
        between = np.abs(np.subtract.outer(np.arange(size), np.arange(size))) + 1
        pairs = between * (between - 1) / 2
        ordinal: Counts = 1 - pairs / pairs.max()
        return ordinal
    if scheme not in ("linear", "quadratic"):
        raise InputError(
            "Unknown weights", remedy='Choose "none", "linear", "quadratic" or "ordinal".', code="weights-unknown"
        )
    distance = np.abs(np.subtract.outer(scores, scores)) / (scores.max() - scores.min())
    weights: Counts = 1 - (distance if scheme == "linear" else distance**2)
    return weights


def _as_counts(table: Sequence[Sequence[float]]) -> Counts:
    try:
        counts = np.asarray(table, float)
    except ValueError:
        raise InputError(
            "The table is not of numbers", remedy="Give counts in full rows.", code="ragged-table"
        ) from None
    if counts.ndim != 2 or not counts.size or not counts.sum() > 0:
        raise InputError("The table is empty", remedy="Give counts above zero.", code="empty-table")
    if not np.all(np.isfinite(counts)) or counts.min() < 0 or np.any(counts != np.floor(counts)):
        raise InputError("Counts must be whole numbers of 0 or more", remedy="Correct the table.", code="count-invalid")
    return counts


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


def _is_missing(value: object) -> bool:
    return value is None or (isinstance(value, float | np.floating) and bool(np.isnan(value)))


def _plain(value: Hashable | None) -> Hashable:
    if isinstance(value, float | np.floating) and np.isinf(value):
        raise InputError("A rating is infinite", remedy="Replace it.", code="not-finite")
    return value


def _ordered(values: set[Hashable]) -> tuple[Hashable, ...]:
    if all(_is_number(value) for value in values):
        return tuple(sorted(values, key=lambda value: float(str(value))))
    return tuple(sorted(values, key=str))
