"""One segmentation from several readers': the algorithm, its version and its parameters are part of the result."""

from imaging.consensus.contour import median_contour
from imaging.consensus.registry import ALGORITHMS, ConsensusPair, majority_and_staple, recompute
from imaging.consensus.result import UNDECIDED, ConsensusResult, ReaderPerformance
from imaging.consensus.staple import staple
from imaging.consensus.staple_multilabel import staple_multilabel
from imaging.consensus.voting import intersection, majority, union, weighted

__all__ = [
    "ALGORITHMS",
    "UNDECIDED",
    "ConsensusPair",
    "ConsensusResult",
    "ReaderPerformance",
    "intersection",
    "majority",
    "majority_and_staple",
    "median_contour",
    "recompute",
    "staple",
    "staple_multilabel",
    "union",
    "weighted",
]
