/** What a stroke changed on one slice: pixel indices with their labels before and after. */
export interface SliceChange {
  slice: number;
  pixels: Uint32Array;
  before: Uint8Array;
  after: Uint8Array;
}

/** null when nothing differs. Lengths must agree. */
export function diffSlice(slice: number, before: Uint8Array | null, after: Uint8Array): SliceChange | null {
  const pixels: number[] = [];
  for (let pixel = 0; pixel < after.length; pixel += 1) {
    if ((before?.[pixel] ?? 0) !== after[pixel]) pixels.push(pixel);
  }
  if (pixels.length === 0) return null;
  return {
    slice,
    pixels: Uint32Array.from(pixels),
    before: Uint8Array.from(pixels, (pixel) => before?.[pixel] ?? 0),
    after: Uint8Array.from(pixels, (pixel) => after[pixel] ?? 0),
  };
}

export function applyChange(change: SliceChange, labels: Uint8Array, direction: 'undo' | 'redo'): void {
  const values = direction === 'undo' ? change.before : change.after;
  for (let index = 0; index < change.pixels.length; index += 1) labels[change.pixels[index]!] = values[index]!;
}

/** Done and undone acts in order; a new act forgets the undone ones; the oldest fall off after `capacity`. */
export class CommandStack<Command> {
  private done: Command[] = [];
  private undone: Command[] = [];

  constructor(private readonly capacity = 100) {}

  push(command: Command): void {
    this.done.push(command);
    if (this.done.length > this.capacity) this.done.shift();
    this.undone = [];
  }

  undo(): Command | undefined {
    const command = this.done.pop();
    if (command !== undefined) this.undone.push(command);
    return command;
  }

  redo(): Command | undefined {
    const command = this.undone.pop();
    if (command !== undefined) this.done.push(command);
    return command;
  }

  clear(): void {
    this.done = [];
    this.undone = [];
  }

  get canUndo(): boolean {
    return this.done.length > 0;
  }

  get canRedo(): boolean {
    return this.undone.length > 0;
  }
}
