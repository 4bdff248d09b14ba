"""One segmentation from several readers', class by class, so that overlapping classes stay what they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from apps.review.domain.agreement import Mask, ReaderWork

if TYPE_CHECKING:
    from imaging.consensus import ConsensusResult

TIE = "background"
"""What a tie becomes under majority: with two readers, only what both drew stands."""

_OTHER = {"majority": "staple", "staple": "majority"}


@dataclass(frozen=True)
class CaseConsensus:
    """`masks` by series and segment; `results` what is needed to make each again, beside the other algorithm."""

    algorithm: str
    version: str
    parameters: dict[str, Any]
    masks: dict[str, dict[int, Mask]] = field(repr=False)
    results: list[dict[str, Any]] = field(repr=False)


def consensus_of(readers: Sequence[ReaderWork], algorithm: str) -> CaseConsensus:
    """The consensus over every series and class that anybody drew, by "majority" or "staple".

    Readers count in the order given. An undrawn class is a reader's statement that there is none.
    """
    places = sorted({place for reader in readers for place in reader.masks})
    masks: dict[str, dict[int, Mask]] = {uid: {} for uid, _ in places}
    results, version = [], "1"
    for uid, segment in places:
        drawn = _drawn(readers, uid, segment)
        made = _run(algorithm, drawn)
        masks[uid][segment] = made.array != 0
        version = made.version
        results.append({"series_instance_uid": uid, "class_number": segment, **made.as_json(), **_beside(made, drawn)})
    parameters = {"tie": TIE} if algorithm == "majority" else {}
    return CaseConsensus(algorithm, version, parameters, masks, results)


def _drawn(readers: Sequence[ReaderWork], uid: str, segment: int) -> list[Mask]:
    shape = next(r.masks[(uid, segment)].shape for r in readers if (uid, segment) in r.masks)
    return [r.masks.get((uid, segment), np.zeros(shape, bool)) for r in readers]


def _run(algorithm: str, drawn: Sequence[Mask]) -> ConsensusResult:
    from imaging.consensus import ALGORITHMS  # it imports scipy, which every process would wait for

    options = {"tie": TIE} if algorithm == "majority" else {}
    return ALGORITHMS[algorithm](drawn, **options)


def _beside(made: ConsensusResult, drawn: Sequence[Mask]) -> dict[str, Any]:
    if len(drawn) < 2:
        return {"beside": None}
    other = _run(_OTHER[made.algorithm], drawn)
    return {
        "beside": {
            "algorithm": other.algorithm,
            "version": other.version,
            "differing_voxels": int(np.count_nonzero((made.array != 0) != (other.array != 0))),
        }
    }
