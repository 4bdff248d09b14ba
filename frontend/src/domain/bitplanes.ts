/** Bit planes: one segment on one slice, row-major over rows*columns, least significant bit first. */

export function planeBytes(pixels: number): number {
  return (pixels + 7) >> 3;
}

/** The plane of `segment` in a label slice; null when the segment is empty there. */
export function packPlane(labels: Uint8Array, segment: number): Uint8Array | null {
  const plane = new Uint8Array(planeBytes(labels.length));
  let any = 0;
  for (let pixel = 0; pixel < labels.length; pixel += 1) {
    if (labels[pixel] === segment) {
      plane[pixel >> 3]! |= 1 << (pixel & 7);
      any = 1;
    }
  }
  return any ? plane : null;
}

/** Writes `segment` wherever the plane has a bit; throws RangeError when the plane is too short for the slice. */
export function unpackPlane(plane: Uint8Array, segment: number, labels: Uint8Array): void {
  if (plane.length < planeBytes(labels.length)) {
    throw new RangeError(`a plane of ${labels.length} pixels has ${planeBytes(labels.length)} bytes, got ${plane.length}`);
  }
  for (let byte = 0; byte < plane.length; byte += 1) {
    const bits = plane[byte]!;
    if (bits === 0) continue;
    for (let bit = 0; bit < 8; bit += 1) {
      const pixel = byte * 8 + bit;
      if (bits & (1 << bit) && pixel < labels.length) labels[pixel] = segment;
    }
  }
}

/** Clears `segment` from a label slice, leaving the others. */
export function clearSegment(labels: Uint8Array, segment: number): void {
  for (let pixel = 0; pixel < labels.length; pixel += 1) if (labels[pixel] === segment) labels[pixel] = 0;
}

export function countBits(plane: Uint8Array): number {
  let count = 0;
  for (let byte = 0; byte < plane.length; byte += 1) {
    let bits = plane[byte]!;
    while (bits) {
      bits &= bits - 1;
      count += 1;
    }
  }
  return count;
}
