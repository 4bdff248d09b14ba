import { describe, expect, it } from 'vitest';
import { ActivityMeter } from './activity';
import { differenceSlice, disagreements } from './agreement';
import { applyChange, CommandStack, diffSlice } from './commands';
import { cross, edgeLetters, isVolumetric, nearestSlice, pointToPixel, sliceNormal, sortAlongNormal } from './geometry';
import { BINDINGS, commandFor, keysOf } from './keymap';
import { presetsFor, rangeOf, windowOf } from './presets';

describe('the command stack', () => {
  it('undoes and redoes in order, and forgets the undone on a new act', () => {
    const stack = new CommandStack<string>();
    for (const act of ['a', 'b', 'c']) stack.push(act);
    expect([stack.undo(), stack.undo(), stack.redo()]).toEqual(['c', 'b', 'b']);
    stack.push('d');
    expect(stack.canRedo).toBe(false);
    expect([stack.undo(), stack.undo(), stack.undo(), stack.undo()]).toEqual(['d', 'b', 'a', undefined]);
  });

  it('lets the oldest fall off', () => {
    const stack = new CommandStack<number>(2);
    for (const act of [1, 2, 3]) stack.push(act);
    expect([stack.undo(), stack.undo(), stack.undo()]).toEqual([3, 2, undefined]);
  });

  it('replays a stroke pixel by pixel', () => {
    const before = Uint8Array.from([0, 1, 2, 0]);
    const after = Uint8Array.from([3, 1, 0, 0]);
    const change = diffSlice(5, before, after);
    expect(change && [...change.pixels]).toEqual([0, 2]);
    const labels = after.slice();
    if (change) applyChange(change, labels, 'undo');
    expect(labels).toEqual(before);
    if (change) applyChange(change, labels, 'redo');
    expect(labels).toEqual(after);
    expect(diffSlice(5, after, after.slice())).toBeNull();
    expect([...(diffSlice(1, null, after)?.before ?? [])]).toEqual([0, 0]);
  });
});

describe('the order of slices', () => {
  const axial = [1, 0, 0, 0, 1, 0];
  const at = (z: number, instance_number: number) => ({ position_lps: [0, 0, z] as const, orientation: axial, instance_number });

  it('follows the position along the normal, not InstanceNumber', () => {
    expect(sortAlongNormal([at(3, 1), at(1, 2), at(2, 3)]).map((slice) => slice.instance_number)).toEqual([2, 3, 1]);
  });

  it('follows the normal of sagittal slices', () => {
    const sagittal = [0, 1, 0, 0, 0, -1];
    expect(sliceNormal(sagittal).map((part) => part + 0)).toEqual([-1, 0, 0]);
    const slices = [4, -2, 1].map((x, index) => ({ position_lps: [x, 0, 0] as const, orientation: sagittal, instance_number: index }));
    expect(sortAlongNormal(slices).map((slice) => slice.position_lps[0])).toEqual([4, 1, -2]);
  });

  it('falls back to InstanceNumber where images have no position', () => {
    const cine = [3, 1, 2].map((instance_number) => ({ position_lps: null, orientation: null, instance_number }));
    expect(sortAlongNormal(cine).map((slice) => slice.instance_number)).toEqual([1, 2, 3]);
  });

  it('calls even parallel slices a volume and nothing else', () => {
    expect(isVolumetric([0, 1, 2, 3].map((z) => at(z, z)))).toBe(true);
    expect(isVolumetric([0, 1, 2, 4].map((z) => at(z, z)))).toBe(false);
    expect(isVolumetric([0, 1, 2].map((z) => at(z, z)))).toBe(false);
    expect(isVolumetric([at(0, 0), at(1, 1), { ...at(2, 2), orientation: [0, 1, 0, 0, 0, -1] }, at(3, 3)])).toBe(false);
  });

  it('letters the edges as radiologists read them', () => {
    expect(edgeLetters([1, 0, 0], [0, 1, 0])).toEqual({ left: 'R', right: 'L', top: 'A', bottom: 'P' });
    expect(edgeLetters([0.8, 0, 0.6], [0, 1, 0]).right).toBe('LH');
    expect(cross([0, -1, 0], [0, 0, -1])[0]).toBe(1);
  });

  it('finds pixel and slice of a patient point', () => {
    const plane = { position_lps: [-10, 20, 0] as const, orientation: axial, spacing_mm: [2, 0.5] as const };
    expect(pointToPixel([-9, 26, 5], plane)).toEqual({ column: 2, row: 3 });
    expect(nearestSlice([0, 0, 2.6], [0, 0, 1], [0, 1, 2, 3])).toBe(3);
  });
});

describe('the keys', () => {
  const press = (key: string, more: object = {}) => ({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more });

  it('reach their commands', () => {
    expect(commandFor(press('b'))).toBe('brush');
    expect(commandFor(press('Enter', { metaKey: true }))).toBe('submit');
    expect(commandFor(press('?', { shiftKey: true }))).toBe('help');
    expect(commandFor(press(' '))).toBe('maximise');
    expect(commandFor(press('A', { shiftKey: true }))).toBe('takeA');
    expect(commandFor(press('a'))).toBeUndefined();
    expect(commandFor(press('b', { ctrlKey: true }))).toBeUndefined();
  });

  it('are given out once', () => {
    const keys = BINDINGS.map((binding) => binding.keys);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keysOf(press('z', { ctrlKey: true }))).toBe('Ctrl+Z');
  });

  it('give CT its windows and others only their own', () => {
    expect(presetsFor('CT', { center: 30, width: 300 }).at(-1)).toEqual({ key: 'asSent', center: 30, width: 300 });
    expect(presetsFor('MR', null)).toEqual([]);
    expect(rangeOf({ center: -600, width: 1500 })).toEqual({ lower: -1350, upper: 149 });
    expect(windowOf({ lower: -1350, upper: 149 })).toEqual({ center: -600, width: 1500 });
  });
});

describe('reading time', () => {
  it('counts acts and leaves idle time out', () => {
    const meter = new ActivityMeter(0, 30_000);
    meter.act(10_000);
    expect(meter.take(15_500)).toBe(15);
    expect(meter.take(200_000)).toBe(25);
    meter.act(300_000);
    expect(meter.take(305_000)).toBe(5);
    meter.giveBack(5);
    expect(meter.take(305_000)).toBe(5);
  });
});

describe('disagreement of two reads', () => {
  const a = [Uint8Array.from([1, 1, 0, 0]), null, Uint8Array.from([1, 0, 0, 0])];
  const b = [Uint8Array.from([1, 0, 0, 0]), null, Uint8Array.from([2, 1, 1, 0])];

  it('lists slices by how much differs', () => {
    expect(disagreements(3, (slice) => a[slice] ?? null, (slice) => b[slice] ?? null)).toEqual([
      { slice: 2, onlyA: 1, onlyB: 3, both: 0 },
      { slice: 0, onlyA: 1, onlyB: 0, both: 1 },
    ]);
  });

  it('paints both, only A and only B apart', () => {
    const into = new Uint8Array(4);
    differenceSlice(a[2] ?? null, b[2] ?? null, into);
    expect([...into]).toEqual([2, 3, 3, 0]);
    differenceSlice(a[0] ?? null, b[0] ?? null, into);
    expect([...into]).toEqual([1, 2, 0, 0]);
  });
});
