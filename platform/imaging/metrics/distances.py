"""Nearest distances between two boundaries and what is read from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from imaging.metrics.boundary import BoundaryPoints, mesh_boundary, surfel_boundary, voxel_boundary
from imaging.metrics.definitions import Boundary
from imaging.metrics.masks import Axes, Mask

Values = NDArray[np.float64]

_WORKERS = 2
_CANDIDATE_TRIANGLES = 12
_ROUNDING_MM = 1e-9


@dataclass(frozen=True)
class DirectedDistances:
    """Nearest distances in mm from every point of one boundary to the other, and the weight of each point."""

    distances_mm: Values
    weights: Values | None

    @property
    def total(self) -> float:
        """The size of the boundary: its points, or their area in mm² (2D: length in mm)."""
        return float(self.distances_mm.size if self.weights is None else self.weights.sum())

    @property
    def summed(self) -> float:
        """Σ distance·weight."""
        return float(self.distances_mm.sum() if self.weights is None else self.distances_mm @ self.weights)

    @property
    def mean(self) -> float:
        """Mean distance in mm."""
        return self.summed / self.total

    def within(self, tolerance_mm: float) -> float:
        """The size of the part of the boundary at most `tolerance_mm` away."""
        # A distance on the grid that equals the tolerance must not drop out by rounding.
        near = self.distances_mm <= tolerance_mm + _ROUNDING_MM
        return float(np.count_nonzero(near) if self.weights is None else self.weights[near].sum())

    def percentile(self, percent: float) -> float:
        """Unweighted: linear between order statistics. Weighted: the distance at that part of the summed area."""
        if self.weights is None:
            return float(np.percentile(self.distances_mm, percent))
        # Only the upper part is sorted, where its weight holds the percentile: sorting all costs as much as a search.
        middle = np.partition(self.distances_mm, self.distances_mm.size // 2)[self.distances_mm.size // 2]
        upper = self.distances_mm >= middle
        below = float(self.weights[~upper].sum())
        if below >= percent / 100 * self.total:
            upper, below = np.ones_like(upper), 0.0
        distances, weights = self.distances_mm[upper], self.weights[upper]
        order = np.argsort(distances)
        reached = (below + np.cumsum(weights[order])) / self.total
        index = min(int(np.searchsorted(reached, percent / 100)), reached.size - 1)
        return float(distances[order[index]])


@dataclass(frozen=True)
class SurfaceDistances:
    """Both directions, and the metrics that are read from them. All in mm, `nsd` without unit."""

    from_reference: DirectedDistances
    from_prediction: DirectedDistances

    @property
    def _both(self) -> tuple[DirectedDistances, DirectedDistances]:
        return (self.from_reference, self.from_prediction)

    @property
    def hd_mm(self) -> float:
        """Hausdorff distance."""
        return max(float(side.distances_mm.max()) for side in self._both)

    @property
    def hd95_mm(self) -> float:
        """The larger of the two directed 95th percentiles."""
        return max(side.percentile(95) for side in self._both)

    @property
    def assd_mm(self) -> float:
        """Average symmetric surface distance, pooled over both directions."""
        return sum(side.summed for side in self._both) / sum(side.total for side in self._both)

    @property
    def masd_mm(self) -> float:
        """Mean of the two directed means."""
        return sum(side.mean for side in self._both) / 2

    def nsd(self, tolerance_mm: float) -> float:
        """Normalised surface distance (surface Dice) at `tolerance_mm`."""
        return sum(side.within(tolerance_mm) for side in self._both) / sum(side.total for side in self._both)


def surface_distances(
    reference: Mask, prediction: Mask, axes: Axes, boundary: Boundary, *, limit_mm: float = np.inf
) -> SurfaceDistances:
    """Distances between the boundaries of two masks of one shape, neither of them empty.

    `axes` as from `masks.axes_mm`. Exact for "voxel" and "surfel" (k-d tree of the boundary points); for "mesh" exact
    from triangle centroids to the nearest of the candidate triangles. Distances above `limit_mm` may come back as
    infinity: enough for `nsd` up to that tolerance, at half the time.
    """
    if boundary == "mesh":
        return _mesh_distances(reference, prediction, axes)
    points = voxel_boundary if boundary == "voxel" else surfel_boundary
    ours, theirs = points(reference, axes), points(prediction, axes)
    bound = limit_mm + 2 * _ROUNDING_MM
    return SurfaceDistances(_directed(ours, theirs, bound), _directed(theirs, ours, bound))


def _directed(source: BoundaryPoints, target: BoundaryPoints, limit_mm: float) -> DirectedDistances:
    # On points that lie on a surface, unbalanced loose nodes build in half the time and large leaves answer faster.
    tree = cKDTree(target.points_mm, leafsize=32, balanced_tree=False, compact_nodes=False)
    distances, _ = tree.query(source.points_mm, distance_upper_bound=limit_mm, workers=_WORKERS)
    return DirectedDistances(distances, source.weights)


def _mesh_distances(reference: Mask, prediction: Mask, axes: Axes) -> SurfaceDistances:
    triangles_r, points_r = mesh_boundary(reference, axes)
    triangles_p, points_p = mesh_boundary(prediction, axes)
    return SurfaceDistances(
        _to_triangles(points_r, triangles_p, points_p), _to_triangles(points_p, triangles_r, points_r)
    )


def _to_triangles(source: BoundaryPoints, triangles: Values, centroids: BoundaryPoints) -> DirectedDistances:
    candidates = min(_CANDIDATE_TRIANGLES, len(triangles))
    _, nearest = cKDTree(centroids.points_mm).query(source.points_mm, k=candidates, workers=_WORKERS)
    best = np.full(len(source.points_mm), np.inf)
    for column in nearest.reshape(len(best), candidates).T:
        np.minimum(best, _point_triangle_distance(source.points_mm, triangles[column]), out=best)
    return DirectedDistances(best, source.weights)


def _point_triangle_distance(points: Values, triangles: Values) -> Values:
    """Distance of point i (N, 3) to triangle i (N, 3, 3): to its plane inside, else to the nearest edge."""
    a, edges = triangles[:, 0], np.roll(triangles, -1, axis=1) - triangles
    normal = np.cross(edges[:, 0], edges[:, 1])
    to_corner = points[:, None] - triangles
    inside = np.all(np.einsum("nij,nij->ni", np.cross(normal[:, None], edges), to_corner) >= 0, axis=1)
    length = np.linalg.norm(normal, axis=1)
    plane = np.abs(np.einsum("ni,ni->n", points - a, normal)) / np.where(length > 0, length, 1)
    along = np.einsum("nij,nij->ni", to_corner, edges) / np.maximum(np.einsum("nij,nij->ni", edges, edges), 1e-300)
    foot = to_corner - np.clip(along, 0, 1)[..., None] * edges
    edge: Values = np.linalg.norm(foot, axis=2).min(axis=1)
    return np.where(inside & (length > 0), np.minimum(plane, edge), edge)
