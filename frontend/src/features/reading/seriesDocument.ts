import { browserJournal } from '../../api/journal';
import type { ReadApi, SegmentationChange } from '../../api/reads';
import { Autosave, type SaveStatus } from '../../domain/autosave';
import { packPlane, unpackPlane } from '../../domain/bitplanes';
import { CommandStack, type SliceChange } from '../../domain/commands';
import type { SlicePlane } from '../../domain/container';
import { LabelSurface, type SegmentLook } from '../../viewer/labelSurface';
import { loadSeriesStack, type SeriesStack } from '../../viewer/seriesStack';

export interface DocumentEvents {
  onSave: (status: SaveStatus) => void;
  onLabels: () => void;
}

/** One series of a read with what the reader draws on it: labels, their undo history, and their saving. */
export class SeriesDocument {
  readonly commands = new CommandStack<SliceChange[]>(200);
  readonly save: Autosave<SegmentationChange>;
  ready = false;

  private constructor(
    readonly seriesUid: string,
    readonly stack: SeriesStack,
    readonly labels: LabelSurface,
    private readonly api: ReadApi,
    private readonly events: DocumentEvents,
    journalKey: string,
    headRevision: number,
  ) {
    this.save = new Autosave<SegmentationChange>(
      {
        key: journalKey,
        store: browserJournal<SegmentationChange>(),
        send: (act) => api.saveSegmentation(seriesUid, act),
        merge: (older, newer) => ({ ...older, ...newer }),
        newId: () => crypto.randomUUID(),
        onStatus: (status) => events.onSave(status),
      },
      headRevision,
    );
  }

  static async open(options: {
    api: ReadApi;
    dicomwebRoot: string;
    studyUid: string;
    seriesUid: string;
    readId: string;
    journalOwner: string;
    looks: SegmentLook[];
    headRevision: number;
    events: DocumentEvents;
  }): Promise<SeriesDocument> {
    const stack = await loadSeriesStack(options.dicomwebRoot, options.studyUid, options.seriesUid);
    const labels = new LabelSurface(`${options.readId}/${options.seriesUid}`, stack, options.looks);
    const key = `${options.journalOwner}/${options.readId}/${options.seriesUid}`;
    return new SeriesDocument(options.seriesUid, stack, labels, options.api, options.events, key, options.headRevision);
  }

  /** Shows what the server holds, then what this machine had not sent yet. Until then nothing may be drawn. */
  async load(): Promise<void> {
    if (this.save.current.revision > 0) {
      const head = await this.api.segmentation(this.seriesUid);
      this.write(head.slices);
    }
    for (const kept of await this.save.recover()) this.write(Object.values(kept));
    this.ready = true;
    this.events.onLabels();
  }

  /** Forgets what is drawn here and shows the server's head revision. */
  async reload(): Promise<void> {
    const head = await this.api.segmentation(this.seriesUid);
    const blank = new Map<number, Uint8Array>();
    this.stack.images.forEach((image, slice) => {
      if (this.labels.taken(slice)) blank.set(slice, new Uint8Array(image.rows * image.columns));
    });
    this.labels.write(blank);
    this.write(head.slices);
    this.save.adoptRevision(head.revision ?? this.save.current.revision);
    this.commands.clear();
    this.events.onLabels();
  }

  /** A finished stroke: one act to undo, its planes on their way to the server. */
  stroke(changes: SliceChange[]): void {
    this.commands.push(changes);
    this.keep(changes);
  }

  undo(): void {
    const changes = this.commands.undo();
    if (!changes) return;
    this.labels.apply(changes, 'undo');
    this.keep(changes);
  }

  redo(): void {
    const changes = this.commands.redo();
    if (!changes) return;
    this.labels.apply(changes, 'redo');
    this.keep(changes);
  }

  /** Replaces slices as one act (take A, merge, clear). */
  replace(slices: Map<number, Uint8Array>): void {
    const changes = this.labels.write(slices);
    if (changes.length > 0) this.stroke(changes);
  }

  /** Slices that carry any label, ascending. */
  drawnSlices(): number[] {
    return this.stack.images.flatMap((_image, slice) => (this.labels.taken(slice)?.some((label) => label > 0) ? [slice] : []));
  }

  close(): void {
    this.save.stop();
    this.labels.dispose();
  }

  private write(planes: SlicePlane[]): void {
    this.labels.write(slicesOf(planes, (slice) => this.labels.pixels(slice)));
  }

  private keep(changes: SliceChange[]): void {
    const planes: SegmentationChange = {};
    for (const change of changes) {
      const image = this.stack.images[change.slice];
      if (!image) continue;
      for (const segment of new Set([...change.before, ...change.after])) {
        if (segment === 0) continue;
        planes[`${segment}/${change.slice}`] = {
          segment,
          slice_index: change.slice,
          sop_instance_uid: image.sop_instance_uid,
          rows: image.rows,
          columns: image.columns,
          plane: packPlane(this.labels.pixels(change.slice), segment),
        };
      }
    }
    this.events.onLabels();
    void this.save.note(planes);
  }
}

/** Label slices from planes, on top of what `base` holds there; an empty plane clears its segment. */
export function slicesOf(planes: SlicePlane[], base: (slice: number) => Uint8Array): Map<number, Uint8Array> {
  const slices = new Map<number, Uint8Array>();
  for (const { slice_index, segment, plane } of planes) {
    let labels = slices.get(slice_index);
    if (!labels) {
      labels = base(slice_index).slice();
      slices.set(slice_index, labels);
    }
    for (let pixel = 0; pixel < labels.length; pixel += 1) if (labels[pixel] === segment) labels[pixel] = 0;
    if (plane) unpackPlane(plane, segment, labels);
  }
  return slices;
}
