/** What two readers disagree on, slice by slice, largest first. Counts in pixels. */
export interface Disagreement {
  slice: number;
  onlyA: number;
  onlyB: number;
  both: number;
}

/** `a` and `b` give the label slice of each read or null when nothing was drawn there. */
export function disagreements(
  slices: number,
  a: (slice: number) => Uint8Array | null,
  b: (slice: number) => Uint8Array | null,
): Disagreement[] {
  const found: Disagreement[] = [];
  for (let slice = 0; slice < slices; slice += 1) {
    const labelsA = a(slice);
    const labelsB = b(slice);
    if (!labelsA && !labelsB) continue;
    const length = (labelsA ?? labelsB)?.length ?? 0;
    let onlyA = 0;
    let onlyB = 0;
    let both = 0;
    for (let pixel = 0; pixel < length; pixel += 1) {
      const inA = labelsA?.[pixel] ?? 0;
      const inB = labelsB?.[pixel] ?? 0;
      if (inA === inB) both += inA ? 1 : 0;
      else if (inA && !inB) onlyA += 1;
      else if (inB && !inA) onlyB += 1;
      else {
        onlyA += 1;
        onlyB += 1;
      }
    }
    if (onlyA + onlyB > 0) found.push({ slice, onlyA, onlyB, both });
  }
  return found.sort((x, y) => y.onlyA + y.onlyB - (x.onlyA + x.onlyB) || x.slice - y.slice);
}

/** Labels of the difference overlay: 1 both, 2 only A, 3 only B (a different class counts as both kinds: 2). */
export function differenceSlice(a: Uint8Array | null, b: Uint8Array | null, into: Uint8Array): void {
  for (let pixel = 0; pixel < into.length; pixel += 1) {
    const inA = a?.[pixel] ?? 0;
    const inB = b?.[pixel] ?? 0;
    into[pixel] = inA === inB ? (inA ? 1 : 0) : inA ? 2 : 3;
  }
}
