import { cache, imageLoader, type Types } from '@cornerstonejs/core';
import { Enums, segmentation } from '@cornerstonejs/tools';
import { applyChange, diffSlice, type SliceChange } from '../domain/commands';
import type { SeriesStack } from './seriesStack';

export interface SegmentLook {
  number: number;
  name: string;
  /** #rrggbb */
  colour: string;
}

function rgba(colour: string): [number, number, number, number] {
  const channel = (start: number) => Number.parseInt(colour.slice(start, start + 2), 16) || 0;
  return [channel(1), channel(3), channel(5), 255];
}

/**
 * One labelmap over a stack: a label image per slice in Cornerstone's cache (what is drawn), and beside it the last
 * state that was taken into account (`known`), so that any stroke can be told from what was there before.
 */
export class LabelSurface {
  readonly labelImageIds: string[];
  private readonly known: (Uint8Array | null)[];
  private readonly counts = new Map<number, number>();
  private volumeReady: Promise<void> | null = null;

  constructor(
    readonly id: string,
    stack: SeriesStack,
    readonly looks: SegmentLook[],
  ) {
    const images = imageLoader.createAndCacheDerivedLabelmapImages(stack.imageIds);
    this.labelImageIds = images.map((image) => image.imageId);
    this.known = stack.imageIds.map(() => null);
    segmentation.addSegmentations([
      {
        segmentationId: id,
        representation: {
          type: Enums.SegmentationRepresentations.Labelmap,
          data: { imageIds: this.labelImageIds, referencedImageIds: stack.imageIds },
        },
        config: {
          segments: Object.fromEntries(
            looks.map((look) => [look.number, { segmentIndex: look.number, label: look.name }]),
          ),
        },
      },
    ]);
  }

  /** The live label pixels of a slice, row-major. */
  pixels(slice: number): Uint8Array {
    const image = cache.getImage(this.labelImageIds[slice] ?? '');
    if (!image) throw new RangeError(`no label image for slice ${slice}`);
    return image.getPixelData() as unknown as Uint8Array;
  }

  /** The taken-in state of a slice; null when nothing was ever drawn on it. */
  taken(slice: number): Uint8Array | null {
    return this.known[slice] ?? null;
  }

  /** Differences between what is drawn and what was taken in, which they become by this call. */
  takeChanges(slices: Iterable<number>): SliceChange[] {
    const changes: SliceChange[] = [];
    for (const slice of slices) {
      const now = this.pixels(slice);
      const change = diffSlice(slice, this.known[slice] ?? null, now);
      if (!change) continue;
      this.known[slice] = now.slice();
      this.count(change, 'redo');
      changes.push(change);
    }
    return changes;
  }

  apply(changes: SliceChange[], direction: 'undo' | 'redo'): void {
    for (const change of changes) {
      const pixels = this.pixels(change.slice);
      applyChange(change, pixels, direction);
      this.known[change.slice] = pixels.slice();
      this.count(change, direction);
    }
    this.redraw(changes.map((change) => change.slice));
  }

  /** Replaces whole slices (loading, recovery, taking another's read) and returns what that changed. */
  write(slices: Map<number, Uint8Array>): SliceChange[] {
    for (const [slice, labels] of slices) this.pixels(slice).set(labels);
    const changes = this.takeChanges(slices.keys());
    this.redraw([...slices.keys()]);
    return changes;
  }

  /** Pixels per segment over the whole stack. */
  voxelCounts(): ReadonlyMap<number, number> {
    return this.counts;
  }

  redraw(slices: number[]): void {
    segmentation.triggerSegmentationEvents.triggerSegmentationDataModified(this.id, slices);
  }

  /** Shows the labels in a viewport; a volume viewport gets a volume over the very same label images. */
  async show(viewportId: string, kind: 'stack' | 'volume', style: { outlineOnly?: boolean } = {}): Promise<void> {
    if (kind === 'volume') await this.ensureVolume();
    const lut = [[0, 0, 0, 0]] as unknown as Types.ColorLUT;
    for (const look of this.looks) lut[look.number] = rgba(look.colour) as Types.Color;
    for (let index = 0; index < lut.length; index += 1) lut[index] ??= [0, 0, 0, 0] as unknown as Types.Color;
    await segmentation.addLabelmapRepresentationToViewport(viewportId, [
      { segmentationId: this.id, type: Enums.SegmentationRepresentations.Labelmap, config: { colorLUTOrIndex: lut } },
    ]);
    segmentation.config.style.setStyle(
      { segmentationId: this.id, type: Enums.SegmentationRepresentations.Labelmap },
      style.outlineOnly
        ? { renderOutline: true, renderFill: true, fillAlpha: 0.12, outlineWidth: 2, fillAlphaInactive: 0.12 }
        : { renderOutline: true, renderFill: true, fillAlpha: 0.28, outlineWidth: 1.5, fillAlphaInactive: 0.28 },
    );
  }

  setVisible(viewportId: string, visible: boolean): void {
    segmentation.config.visibility.setSegmentationRepresentationVisibility(
      viewportId,
      { segmentationId: this.id, type: Enums.SegmentationRepresentations.Labelmap },
      visible,
    );
  }

  /** Takes the labels out of Cornerstone's state and cache. */
  dispose(): void {
    segmentation.removeSegmentation(this.id);
    const volumeId = `labels:${this.id}`;
    if (cache.getVolume(volumeId)) cache.removeVolumeLoadObject(volumeId);
    for (const imageId of this.labelImageIds) if (cache.getImageLoadObject(imageId)) cache.removeImageLoadObject(imageId);
  }

  private ensureVolume(): Promise<void> {
    this.volumeReady ??= segmentation.helpers
      .convertStackToVolumeLabelmap({ segmentationId: this.id, options: { volumeId: `labels:${this.id}` } })
      .then(() => undefined);
    return this.volumeReady;
  }

  private count(change: SliceChange, direction: 'undo' | 'redo'): void {
    const [from, to] = direction === 'redo' ? [change.before, change.after] : [change.after, change.before];
    for (let index = 0; index < change.pixels.length; index += 1) {
      this.add(from[index]!, -1);
      this.add(to[index]!, 1);
    }
  }

  private add(segment: number, amount: number): void {
    if (segment) this.counts.set(segment, (this.counts.get(segment) ?? 0) + amount);
  }
}
