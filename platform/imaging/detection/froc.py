"""Free-response ROC: marks that hit lesions (LL) or not (NL), and the figures of merit read from them.

Source: Chakraborty & Berbaum, Med Phys 2004;31:2313-2330; Chakraborty & Zhai, Med Phys 2016;43:2301-2310 (weights).
An unmarked lesion and a case without marks have the rating −∞; ties count half.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from imaging.errors import InputError

Values = NDArray[np.float64]
Case = int | str

FROC_FIGURES = {
    "AFROC": "lesion against the highest NL of a case without lesions",
    "AFROC1": "lesion against the highest NL of any case",
    "wAFROC": "AFROC with every case counting once: lesions weighted inside their case",
    "wAFROC1": "AFROC1 with lesions weighted inside their case",
    "HrAuc": "ROC area of the highest mark of each case",
    "HrSe": "cases with lesions that have a mark",
    "HrSp": "cases without lesions that have no mark",
    "MaxLLF": "lesions marked",
    "MaxNLF": "NL marks on cases without lesions, per such case",
    "MaxNLFAllCases": "NL marks per case",
}


@dataclass(frozen=True)
class FrocData:
    """One reader's marks with one modality.

    `lesion_weights`: case → weights of its lesions (they sum to 1); cases without lesions have an empty sequence.
    `nl`: (case, rating) of marks that hit nothing. `ll`: (case, lesion number from 1, rating).
    Raises `InputError` for a mark on an unknown case or lesion, a lesion marked twice, NaN, or weights that do not
    sum to 1.
    """

    lesion_weights: Mapping[Case, Sequence[float]]
    nl: Sequence[tuple[Case, float]]
    ll: Sequence[tuple[Case, int, float]]
    _index: dict[Case, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.lesion_weights:
            raise InputError("There is no case", remedy="Give the cases read.", code="empty-table")
        for weights in self.lesion_weights.values():
            if len(weights) and (min(weights) < 0 or abs(sum(weights) - 1) > 1e-6):
                raise InputError(
                    "The weights of a case's lesions do not sum to 1", remedy="Correct them.", code="weights-invalid"
                )
        ratings = [rating for _, rating in self.nl] + [rating for *_, rating in self.ll]
        if not np.all(np.isfinite(np.array(ratings, float))):
            raise InputError("A rating is not a number", remedy="Leave out the mark.", code="not-finite")
        places = [(case, lesion) for case, lesion, _ in self.ll]
        if len(set(places)) != len(places):
            raise InputError("A lesion is marked twice", remedy="Keep its highest mark.", code="lesion-marked-twice")
        if any(case not in self.lesion_weights for case, _ in self.nl) or any(
            not 1 <= lesion <= len(self.lesion_weights.get(case, ())) for case, lesion in places
        ):
            raise InputError("A mark is on an unknown case or lesion", remedy="Add the case.", code="mark-unplaced")
        object.__setattr__(self, "_index", {case: k for k, case in enumerate(self.lesion_weights)})

    @property
    def diseased(self) -> NDArray[np.bool_]:
        """(cases,): which have lesions."""
        return np.array([len(weights) > 0 for weights in self.lesion_weights.values()])

    def highest_nl(self) -> Values:
        """(cases,): the highest NL rating, −∞ where there is none."""
        highest = np.full(len(self._index), -np.inf)
        for case, rating in self.nl:
            highest[self._index[case]] = max(highest[self._index[case]], rating)
        return highest

    def lesions(self) -> tuple[NDArray[np.intp], Values, Values]:
        """(lesions,) case number, rating (−∞ unmarked), weight."""
        given = {(case, lesion): rating for case, lesion, rating in self.ll}
        rows = [
            (self._index[case], given.get((case, number), -np.inf), weight)
            for case, weights in self.lesion_weights.items()
            for number, weight in enumerate(weights, start=1)
        ]
        cases, ratings, weights = (np.array(column) for column in zip(*rows, strict=True)) if rows else ([], [], [])
        return np.asarray(cases, np.intp), np.asarray(ratings, float), np.asarray(weights, float)

    def highest(self) -> Values:
        """(cases,): the highest rating of any mark, −∞ where there is none."""
        highest = self.highest_nl()
        cases, ratings, _ = self.lesions()
        np.maximum.at(highest, cases, ratings)
        return highest


def froc_figures(data: FrocData) -> dict[str, float | None]:
    """Every figure of `FROC_FIGURES`; None where there are no cases of a kind that it needs."""
    diseased, nl = data.diseased, data.highest_nl()
    cases, ratings, weights = data.lesions()
    highest = data.highest()
    sick, healthy = int(diseased.sum()), int((~diseased).sum())
    nl_on_healthy = sum(1 for case, _ in data.nl if not len(data.lesion_weights[case]))
    return {
        "AFROC": _wins(ratings, np.full(ratings.size, 1 / max(ratings.size, 1)), nl[~diseased]),
        "AFROC1": _wins(ratings, np.full(ratings.size, 1 / max(ratings.size, 1)), nl),
        "wAFROC": _wins(ratings, weights / max(sick, 1), nl[~diseased]),
        "wAFROC1": _wins(ratings, weights / max(sick, 1), nl),
        "HrAuc": _wins(highest[diseased], np.full(sick, 1 / max(sick, 1)), highest[~diseased]),
        "HrSe": float(np.isfinite(highest[diseased]).mean()) if sick else None,
        "HrSp": float(1 - np.isfinite(highest[~diseased]).mean()) if healthy else None,
        "MaxLLF": float(np.isfinite(ratings).mean()) if ratings.size else None,
        "MaxNLF": nl_on_healthy / healthy if healthy else None,
        "MaxNLFAllCases": len(data.nl) / diseased.size,
    }


def froc_curve(data: FrocData) -> list[tuple[float, float]]:
    """(NL marks per case, part of lesions marked) from (0, 0), lowering the threshold over every rating given."""
    _, ratings, _ = data.lesions()
    nl = np.array([rating for _, rating in data.nl], float)
    thresholds = np.unique(np.concatenate([nl, ratings[np.isfinite(ratings)]]))[::-1]
    lesions, cases = max(ratings.size, 1), len(data.lesion_weights)
    return [(0.0, 0.0)] + [(float((nl >= t).sum() / cases), float((ratings >= t).sum() / lesions)) for t in thresholds]


def _wins(ratings: Values, weights: Values, against: Values) -> float | None:
    """Weighted part of (lesion, case) pairs in which the lesion has the higher rating, ties counting half."""
    if not ratings.size or not against.size:
        return None
    ordered = np.sort(against)
    below = np.searchsorted(ordered, ratings, side="left")
    not_above = np.searchsorted(ordered, ratings, side="right")
    return float((weights * (below + not_above) / 2).sum() / against.size)
