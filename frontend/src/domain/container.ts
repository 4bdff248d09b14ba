import { unzlibSync, zlibSync } from 'fflate';
import { planeBytes } from './bitplanes';

/** One segment on one slice; `plane` null says the segment is empty there (an erased slice is a saved fact). */
export interface SlicePlane {
  segment: number;
  /** Index along the slice normal, 0 = first of the sorted stack. */
  slice_index: number;
  sop_instance_uid: string;
  rows: number;
  columns: number;
  plane: Uint8Array | null;
}

interface SliceHeader {
  segment: number;
  slice_index: number;
  sop_instance_uid: string;
  rows: number;
  columns: number;
  encoding: 'bits' | 'bits-deflate';
  length: number;
}

interface Header {
  client_id?: string;
  base_revision?: number;
  revision?: number;
  slices: SliceHeader[];
}

export interface Container {
  client_id?: string;
  base_revision?: number;
  revision?: number;
  slices: SlicePlane[];
}

export const CONTAINER_TYPE = 'application/vnd.fiducial.slices';

/** uint32 big-endian header length, UTF-8 JSON header, then the payloads in the header's order. */
export function encodeContainer(container: Container): Uint8Array<ArrayBuffer> {
  const payloads = container.slices.map(({ plane }) => (plane ? zlibSync(plane, { level: 6 }) : new Uint8Array(0)));
  const header: Header = {
    ...container,
    slices: container.slices.map(({ plane: _plane, ...slice }, index) => ({
      ...slice,
      encoding: 'bits-deflate',
      length: payloads[index]?.length ?? 0,
    })),
  };
  const head = new TextEncoder().encode(JSON.stringify(header));
  const size = 4 + head.length + payloads.reduce((sum, payload) => sum + payload.length, 0);
  const bytes = new Uint8Array(size);
  new DataView(bytes.buffer).setUint32(0, head.length, false);
  bytes.set(head, 4);
  let offset = 4 + head.length;
  for (const payload of payloads) {
    bytes.set(payload, offset);
    offset += payload.length;
  }
  return bytes;
}

/** The inverse; throws RangeError when the bytes are cut short or a plane does not fill its slice. */
export function decodeContainer(bytes: Uint8Array): Container {
  if (bytes.length < 4) throw new RangeError('a container starts with four length bytes');
  const headLength = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, false);
  if (bytes.length < 4 + headLength) throw new RangeError('the container ends inside its header');
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + headLength))) as Header;
  let offset = 4 + headLength;
  const slices = header.slices.map(({ encoding, length, ...slice }): SlicePlane => {
    const payload = bytes.subarray(offset, offset + length);
    if (payload.length !== length) throw new RangeError('the container ends inside a plane');
    offset += length;
    if (length === 0) return { ...slice, plane: null };
    const plane = encoding === 'bits-deflate' ? unzlibSync(payload) : payload.slice();
    if (plane.length !== planeBytes(slice.rows * slice.columns)) {
      throw new RangeError(`slice ${slice.slice_index} has ${plane.length} plane bytes for ${slice.rows}x${slice.columns}`);
    }
    return { ...slice, plane };
  });
  return { ...header, slices };
}
