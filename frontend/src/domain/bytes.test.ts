import { describe, expect, it } from 'vitest';
import { zlibSync } from 'fflate';
import { clearSegment, countBits, packPlane, unpackPlane } from './bitplanes';
import { decodeContainer, encodeContainer, type SlicePlane } from './container';

/** A deterministic 23x38 slice: 874 pixels, so the last byte is not full. */
function labelSlice(): Uint8Array {
  return Uint8Array.from({ length: 23 * 38 }, (_, pixel) => ((pixel * 7) % 11 < 4 ? 1 + (pixel % 3) : 0));
}

describe('bit planes', () => {
  it('put pixel 0 into the least significant bit, as numpy packbits(bitorder="little")', () => {
    expect([...(packPlane(Uint8Array.from([1, 0, 0, 1, 0, 0, 0, 0, 0, 1]), 1) ?? [])]).toEqual([0b0000_1001, 0b0000_0010]);
  });

  it('say nothing was drawn as null', () => {
    expect(packPlane(labelSlice(), 9)).toBeNull();
  });

  it('come back exactly for every segment of a slice not ending on a byte', () => {
    const labels = labelSlice();
    const back = new Uint8Array(labels.length);
    for (const segment of [1, 2, 3]) {
      const plane = packPlane(labels, segment);
      expect(plane && countBits(plane)).toBe(labels.filter((label) => label === segment).length);
      if (plane) unpackPlane(plane, segment, back);
    }
    expect(back).toEqual(labels);
  });

  it('refuse a plane that is too short', () => {
    expect(() => unpackPlane(new Uint8Array(2), 1, new Uint8Array(17))).toThrow(RangeError);
  });

  it('clear one segment and leave the others', () => {
    const labels = Uint8Array.from([1, 2, 1, 0]);
    clearSegment(labels, 1);
    expect([...labels]).toEqual([0, 2, 0, 0]);
  });
});

describe('the slice container', () => {
  const slice = (plane: Uint8Array | null, slice_index: number): SlicePlane => ({
    segment: 2, slice_index, sop_instance_uid: `1.2.${slice_index}`, rows: 23, columns: 38, plane,
  });

  it('starts with the big-endian header length and keeps planes, empties and order', () => {
    const plane = packPlane(labelSlice(), 2);
    const bytes = encodeContainer({ client_id: 'c', base_revision: 4, slices: [slice(plane, 7), slice(null, 8)] });
    const length = new DataView(bytes.buffer).getUint32(0, false);
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
    expect(header.base_revision).toBe(4);
    expect(header.slices.map((entry: { encoding: string; length: number }) => [entry.encoding, entry.length > 0])).toEqual([
      ['bits-deflate', true],
      ['bits-deflate', false],
    ]);
    expect(decodeContainer(bytes)).toEqual({ client_id: 'c', base_revision: 4, slices: [slice(plane, 7), slice(null, 8)] });
  });

  it('reads plain bits and bytes at an offset', () => {
    const header = new TextEncoder().encode(
      JSON.stringify({ revision: 3, slices: [{ segment: 1, slice_index: 0, sop_instance_uid: '1', rows: 2, columns: 5, encoding: 'bits', length: 2 }] }),
    );
    const bytes = new Uint8Array(3 + 4 + header.length + 2);
    new DataView(bytes.buffer).setUint32(3, header.length, false);
    bytes.set(header, 7);
    bytes.set([0b101, 0b10], 7 + header.length);
    const decoded = decodeContainer(bytes.subarray(3));
    expect(decoded.revision).toBe(3);
    expect([...(decoded.slices[0]?.plane ?? [])]).toEqual([0b101, 0b10]);
  });

  it('refuses bytes that are cut short, at every cut', () => {
    const bytes = encodeContainer({ slices: [slice(packPlane(labelSlice(), 2), 7)] });
    for (const cut of [0, 3, 10, bytes.length - 1]) expect(() => decodeContainer(bytes.subarray(0, cut))).toThrow(RangeError);
  });

  it('refuses a plane that does not fill its slice', () => {
    const payload = zlibSync(new Uint8Array(5));
    const header = new TextEncoder().encode(
      JSON.stringify({ slices: [{ segment: 1, slice_index: 0, sop_instance_uid: '1', rows: 8, columns: 8, encoding: 'bits-deflate', length: payload.length }] }),
    );
    const bytes = new Uint8Array(4 + header.length + payload.length);
    new DataView(bytes.buffer).setUint32(0, header.length, false);
    bytes.set(header, 4);
    bytes.set(payload, 4 + header.length);
    expect(() => decodeContainer(bytes)).toThrow(/5 plane bytes/);
  });
});
