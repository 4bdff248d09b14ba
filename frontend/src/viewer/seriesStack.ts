import { cache, Enums, imageLoader } from '@cornerstonejs/core';
import dicomImageLoader from '@cornerstonejs/dicom-image-loader';
import { utilities as metadataUtilities } from '@cornerstonejs/metadata';
import {
  isVolumetric, nearestSlice, offsetAlongNormal, pointToPixel, sliceNormal, sortAlongNormal, type SlicePosition, type Vector,
} from '../domain/geometry';

type DicomJson = Record<string, { vr: string; Value?: unknown[] } | undefined>;

export interface StackImage extends SlicePosition {
  imageId: string;
  sop_instance_uid: string;
  rows: number;
  columns: number;
  spacing_mm: readonly [number, number];
  slope: number;
  intercept: number;
}

/** One series in the order of `slice_index`, with what is needed to say where a point lies and what it measures. */
export interface SeriesStack {
  series_instance_uid: string;
  modality: string;
  images: StackImage[];
  imageIds: string[];
  normal: Vector | null;
  offsets_mm: number[];
  volumetric: boolean;
  window: { center: number; width: number } | null;
  unit: string;
}

const value = (item: DicomJson, tag: string): unknown => item[tag]?.Value?.[0];
const numbers = (item: DicomJson, tag: string): number[] => (item[tag]?.Value ?? []).map(Number);

function imageOf(item: DicomJson, imageId: string): StackImage {
  const position = numbers(item, '00200032');
  const orientation = numbers(item, '00200037');
  const spacing = numbers(item, '00280030');
  const fallback = numbers(item, '00181164');
  return {
    imageId,
    sop_instance_uid: String(value(item, '00080018')),
    rows: Number(value(item, '00280010')),
    columns: Number(value(item, '00280011')),
    instance_number: Number(value(item, '00200013') ?? 0),
    position_lps: position.length === 3 ? (position as unknown as Vector) : null,
    orientation: orientation.length === 6 ? orientation : null,
    spacing_mm: [spacing[0] ?? fallback[0] ?? 1, spacing[1] ?? fallback[1] ?? 1],
    slope: Number(value(item, '00281053') ?? 1),
    intercept: Number(value(item, '00281052') ?? 0),
  };
}

/** Reads the metadata of a series, registers it with the loader and sorts the images along their normal. */
export async function loadSeriesStack(dicomwebRoot: string, studyUid: string, seriesUid: string): Promise<SeriesStack> {
  const root = new URL(dicomwebRoot, location.origin).href.replace(/\/$/, '');
  const seriesUrl = `${root}/studies/${studyUid}/series/${seriesUid}`;
  const answer = await fetch(`${seriesUrl}/metadata`, { headers: { Accept: 'application/dicom+json' }, credentials: 'same-origin' });
  if (!answer.ok) throw new Error(`series metadata: HTTP ${answer.status}`);
  const items = (await answer.json()) as DicomJson[];
  const images: StackImage[] = [];
  for (const item of items) {
    const frames = Number(value(item, '00280008') ?? 1);
    for (let frame = 1; frame <= frames; frame += 1) {
      const imageId = `wadors:${seriesUrl}/instances/${String(value(item, '00080018'))}/frames/${frame}`;
      dicomImageLoader.wadors.metaDataManager.add(imageId, item as never);
      if (frame === 1) metadataUtilities.addDicomWebInstance(imageId, item as never);
      images.push(imageOf(item, imageId));
    }
  }
  const sorted = sortAlongNormal(images);
  const first = items[0] ?? {};
  const orientation = sorted[0]?.orientation;
  const normal = orientation ? sliceNormal(orientation) : null;
  const center = Number(value(first, '00281050'));
  const width = Number(value(first, '00281051'));
  return {
    series_instance_uid: seriesUid,
    modality: String(value(first, '00080060') ?? ''),
    images: sorted,
    imageIds: sorted.map((image) => image.imageId),
    normal,
    offsets_mm: normal ? sorted.map((image) => offsetAlongNormal(image, normal) ?? 0) : [],
    volumetric: isVolumetric(sorted),
    window: Number.isFinite(center) && width > 0 ? { center, width } : null,
    unit: unitOf(first),
  };
}

function unitOf(item: DicomJson): string {
  const rescaleType = String(value(item, '00281054') ?? '');
  if (value(item, '00080060') === 'CT') return 'HU';
  if (rescaleType && rescaleType !== 'US') return rescaleType;
  const units = String(value(item, '00541001') ?? '');
  return units === 'BQML' ? 'Bq/ml' : units;
}

export interface Probe {
  slice: number;
  column: number;
  row: number;
  point_lps: Vector;
  value: number | null;
}

/** What lies under a patient point: its voxel and its modality value, null while the slice is not loaded. */
export function probeStack(stack: SeriesStack, point_lps: Vector, sliceHint: number | null): Probe | null {
  const slice = sliceHint ?? (stack.normal ? nearestSlice(point_lps, stack.normal, stack.offsets_mm) : 0);
  const image = stack.images[slice];
  if (!image?.position_lps || !image.orientation) return null;
  const exact = pointToPixel(point_lps, { position_lps: image.position_lps, orientation: image.orientation, spacing_mm: image.spacing_mm });
  const column = Math.round(exact.column);
  const row = Math.round(exact.row);
  if (column < 0 || row < 0 || column >= image.columns || row >= image.rows) return null;
  return { slice, column, row, point_lps, value: pixelValue(image, row * image.columns + column) };
}

function pixelValue(image: StackImage, index: number): number | null {
  const loaded = cache.getImage(image.imageId);
  if (!loaded) return null;
  const stored = Number(loaded.voxelManager?.getAtIndex(index) ?? Number.NaN);
  if (Number.isNaN(stored)) return null;
  return loaded.preScale?.scaled ? stored : stored * image.slope + image.intercept;
}

/** Fetches the whole stack, nearest to `start` first; `onLoaded` hears the running count. Returns a stop function. */
export function prefetchStack(stack: SeriesStack, start: number, onLoaded: (loaded: number) => void): () => void {
  let stopped = false;
  let loaded = 0;
  const order = stack.imageIds
    .map((imageId, index) => ({ imageId, distance: Math.abs(index - start) }))
    .sort((a, b) => a.distance - b.distance);
  const next = async (): Promise<void> => {
    for (let item = order.shift(); item && !stopped; item = order.shift()) {
      try {
        await imageLoader.loadAndCacheImage(item.imageId, { requestType: Enums.RequestType.Prefetch, priority: 0 });
        loaded += 1;
        if (!stopped) onLoaded(loaded);
      } catch {
        // the viewport asks again, and says so, when the reader comes to this slice
      }
    }
  };
  for (let lane = 0; lane < 6; lane += 1) void next();
  return () => {
    stopped = true;
  };
}
