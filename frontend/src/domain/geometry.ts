/** Positions along the slice normal, from ImagePositionPatient and ImageOrientationPatient only (PS3.3 C.7.6.2.1.1). */

export type Vector = readonly [number, number, number];

export interface SlicePosition {
  position_lps: Vector | null;
  /** Row cosines then column cosines. */
  orientation: readonly number[] | null;
  instance_number: number;
}

export function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

export function sliceNormal(orientation: readonly number[]): Vector {
  const [rx = 1, ry = 0, rz = 0, cx = 0, cy = 1, cz = 0] = orientation;
  return [ry * cz - rz * cy, rz * cx - rx * cz, rx * cy - ry * cx];
}

/** Offset in mm along the stack's normal; null where the image has no position in space. */
export function offsetAlongNormal(slice: SlicePosition, normal: Vector): number | null {
  return slice.position_lps ? dot(slice.position_lps, normal) : null;
}

/**
 * Sorts a copy by position along the normal of the first slice, ascending; ties and images without a position keep
 * the order of InstanceNumber. This order is what `slice_index` counts.
 */
export function sortAlongNormal<Slice extends SlicePosition>(slices: readonly Slice[]): Slice[] {
  const oriented = slices.find((slice) => slice.orientation !== null && slice.position_lps !== null);
  const normal = oriented?.orientation ? sliceNormal(oriented.orientation) : null;
  const keyed = slices.map((slice) => ({ slice, offset: normal ? offsetAlongNormal(slice, normal) : null }));
  keyed.sort(
    (a, b) => (a.offset ?? 0) - (b.offset ?? 0) || a.slice.instance_number - b.slice.instance_number,
  );
  return keyed.map(({ slice }) => slice);
}

/** True when slices lie parallel and evenly spaced enough to be cut in other planes (1 % of the spacing). */
export function isVolumetric(slices: readonly SlicePosition[]): boolean {
  if (slices.length < 4) return false;
  const first = slices[0];
  if (!first?.orientation) return false;
  const normal = sliceNormal(first.orientation);
  const offsets: number[] = [];
  for (const slice of slices) {
    const offset = offsetAlongNormal(slice, normal);
    if (offset === null || !slice.orientation) return false;
    if (slice.orientation.some((cosine, index) => Math.abs(cosine - (first.orientation?.[index] ?? 0)) > 1e-3)) return false;
    offsets.push(offset);
  }
  const gaps = offsets.slice(1).map((offset, index) => offset - (offsets[index] ?? 0));
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  return mean > 1e-3 && gaps.every((gap) => Math.abs(gap - mean) <= Math.max(0.01 * mean, 0.01));
}

export interface PlaneGeometry {
  position_lps: Vector;
  orientation: readonly number[];
  /** PixelSpacing: between rows, between columns. */
  spacing_mm: readonly [number, number];
}

/** Column and row (fractional, pixel centres at integers) of a patient point projected into the plane. */
export function pointToPixel(point_lps: Vector, plane: PlaneGeometry): { column: number; row: number } {
  const [rx = 1, ry = 0, rz = 0, cx = 0, cy = 1, cz = 0] = plane.orientation;
  const offset: Vector = [
    point_lps[0] - plane.position_lps[0],
    point_lps[1] - plane.position_lps[1],
    point_lps[2] - plane.position_lps[2],
  ];
  return {
    column: dot(offset, [rx, ry, rz]) / plane.spacing_mm[1],
    row: dot(offset, [cx, cy, cz]) / plane.spacing_mm[0],
  };
}

/** Index of the slice nearest to a patient point, from sorted offsets along the normal. */
export function nearestSlice(point_lps: Vector, normal: Vector, offsets_mm: readonly number[]): number {
  const offset = dot(point_lps, normal);
  let best = 0;
  offsets_mm.forEach((candidate, index) => {
    if (Math.abs(candidate - offset) < Math.abs((offsets_mm[best] ?? 0) - offset)) best = index;
  });
  return best;
}

/** Patient directions in LPS as the letters at the edges of an image; oblique directions get up to two, strongest first. */
export function directionLetters(direction: Vector): string {
  const names: readonly (readonly [string, string])[] = [['L', 'R'], ['P', 'A'], ['H', 'F']];
  return direction
    .map((part, axis) => ({ size: Math.abs(part), letter: names[axis]?.[part > 0 ? 0 : 1] ?? '' }))
    .filter(({ size }) => size > 0.3)
    .sort((a, b) => b.size - a.size)
    .slice(0, 2)
    .map(({ letter }) => letter)
    .join('');
}

export interface EdgeLetters {
  left: string;
  right: string;
  top: string;
  bottom: string;
}

/** Letters of the four edges from the directions that point right and down on the screen. */
export function edgeLetters(right: Vector, down: Vector): EdgeLetters {
  const back = (direction: Vector): Vector => [-direction[0], -direction[1], -direction[2]];
  return {
    left: directionLetters(back(right)),
    right: directionLetters(right),
    top: directionLetters(back(down)),
    bottom: directionLetters(down),
  };
}

export function cross(a: Vector, b: Vector): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}
