import type { ReadApi } from '../../api/reads';
import { differenceSlice, disagreements, type Disagreement } from '../../domain/agreement';
import { LabelSurface } from '../../viewer/labelSurface';
import type { SeriesStack } from '../../viewer/seriesStack';
import type { Overlay } from './readingState';
import { slicesOf } from './seriesDocument';

export const READ_COLOURS = { A: '#f0e442', B: '#56b4e9', both: '#b9c0cc' } as const;

type Slices = Map<number, Uint8Array>;

/** The two reads an adjudicator is shown, their difference, and the slices on which they disagree. */
export class ShownReads {
  readonly surfaces: { name: Overlay; surface: LabelSurface }[];
  readonly disagreements: Disagreement[];

  private constructor(
    private readonly stack: SeriesStack,
    private readonly reads: { A: Slices; B: Slices },
    readId: string,
  ) {
    const surface = (name: Overlay, colours: string[]) =>
      new LabelSurface(
        `${readId}/${name}/${stack.series_instance_uid}`,
        stack,
        colours.map((colour, index) => ({ number: index + 1, name: `${name} ${index + 1}`, colour })),
      );
    const single = (colour: string) => Array.from({ length: 64 }, () => colour);
    const difference = surface('difference', [READ_COLOURS.both, READ_COLOURS.A, READ_COLOURS.B]);
    const [a, b] = [surface('A', single(READ_COLOURS.A)), surface('B', single(READ_COLOURS.B))];
    a.write(reads.A);
    b.write(reads.B);
    difference.write(this.differenceSlices());
    this.surfaces = [
      { name: 'A', surface: a },
      { name: 'B', surface: b },
      { name: 'difference', surface: difference },
    ];
    this.disagreements = disagreements(
      stack.images.length,
      (slice) => reads.A.get(slice) ?? null,
      (slice) => reads.B.get(slice) ?? null,
    );
  }

  static async open(api: ReadApi, stack: SeriesStack, readId: string): Promise<ShownReads> {
    const blank = (slice: number) => new Uint8Array((stack.images[slice]?.rows ?? 0) * (stack.images[slice]?.columns ?? 0));
    const [a, b] = await Promise.all(
      (['A', 'B'] as const).map((label) => api.shownSegmentation(label, stack.series_instance_uid)),
    );
    return new ShownReads(stack, { A: slicesOf(a?.slices ?? [], blank), B: slicesOf(b?.slices ?? [], blank) }, readId);
  }

  private blank(slice: number): Uint8Array {
    const image = this.stack.images[slice];
    return new Uint8Array((image?.rows ?? 0) * (image?.columns ?? 0));
  }

  private differenceSlices(): Slices {
    const slices: Slices = new Map();
    for (const slice of new Set([...this.reads.A.keys(), ...this.reads.B.keys()])) {
      const into = this.blank(slice);
      differenceSlice(this.reads.A.get(slice) ?? null, this.reads.B.get(slice) ?? null, into);
      slices.set(slice, into);
    }
    return slices;
  }

  /** A copy of what one reader drew on a slice, of both together (A wins where classes differ), or of nothing. */
  slice(what: 'A' | 'B' | 'merge' | 'none', slice: number): Uint8Array {
    const labels = this.blank(slice);
    if (what === 'B' || what === 'merge') labels.set(this.reads.B.get(slice) ?? labels);
    if (what === 'A') labels.set(this.reads.A.get(slice) ?? labels);
    if (what === 'merge') this.reads.A.get(slice)?.forEach((label, pixel) => label && (labels[pixel] = label));
    return labels;
  }

  close(): void {
    for (const { surface } of this.surfaces) surface.dispose();
  }
}
