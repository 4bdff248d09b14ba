/** The keys of the workstation. One table feeds the handler, the buttons and the cheat sheet. */

export const COMMANDS = [
  'submit', 'flag', 'nothing', 'next', 'brush', 'eraser', 'smaller', 'larger', 'undo', 'redo', 'crosshair', 'hide', 'maximise',
  'nextSegment', 'help', 'layout', 'cine', 'window', 'pan', 'length', 'takeA', 'takeB', 'merge', 'redraw', 'showA', 'showB', 'difference',
  'nextDisagreement', 'previousSlice', 'nextSlice', 'preset1', 'preset2', 'preset3', 'preset4', 'preset5', 'preset6', 'preset7', 'preset8', 'preset9',
] as const;
export type Command = (typeof COMMANDS)[number];

export interface KeyPress {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

export interface Binding {
  keys: string;
  command: Command;
  group: 'case' | 'tools' | 'view' | 'adjudication';
}

export const BINDINGS: readonly Binding[] = [
  { keys: 'Ctrl+Enter', command: 'submit', group: 'case' },
  { keys: 'F', command: 'flag', group: 'case' },
  { keys: 'N', command: 'nothing', group: 'case' },
  { keys: 'ArrowRight', command: 'next', group: 'case' },
  { keys: 'B', command: 'brush', group: 'tools' },
  { keys: 'E', command: 'eraser', group: 'tools' },
  { keys: '[', command: 'smaller', group: 'tools' },
  { keys: ']', command: 'larger', group: 'tools' },
  { keys: 'Z', command: 'undo', group: 'tools' },
  { keys: 'Ctrl+Z', command: 'undo', group: 'tools' },
  { keys: 'Y', command: 'redo', group: 'tools' },
  { keys: 'Ctrl+Y', command: 'redo', group: 'tools' },
  { keys: 'L', command: 'length', group: 'tools' },
  { keys: 'W', command: 'window', group: 'tools' },
  { keys: 'P', command: 'pan', group: 'tools' },
  { keys: 'Tab', command: 'nextSegment', group: 'tools' },
  { keys: 'ArrowUp', command: 'previousSlice', group: 'view' },
  { keys: 'ArrowDown', command: 'nextSlice', group: 'view' },
  ...([1, 2, 3, 4, 5, 6, 7, 8, 9] as const).map(
    (digit): Binding => ({ keys: String(digit), command: `preset${digit}`, group: 'view' }),
  ),
  { keys: 'X', command: 'crosshair', group: 'view' },
  { keys: 'V', command: 'layout', group: 'view' },
  { keys: 'C', command: 'cine', group: 'view' },
  { keys: 'H', command: 'hide', group: 'view' },
  { keys: 'Space', command: 'maximise', group: 'view' },
  { keys: '?', command: 'help', group: 'view' },
  { keys: 'Shift+A', command: 'takeA', group: 'adjudication' },
  { keys: 'Shift+B', command: 'takeB', group: 'adjudication' },
  { keys: 'Shift+M', command: 'merge', group: 'adjudication' },
  { keys: 'Shift+R', command: 'redraw', group: 'adjudication' },
  { keys: 'Q', command: 'showA', group: 'adjudication' },
  { keys: 'R', command: 'showB', group: 'adjudication' },
  { keys: 'D', command: 'difference', group: 'adjudication' },
  { keys: 'J', command: 'nextDisagreement', group: 'adjudication' },
];

/** `Ctrl+Enter`, `Shift+A`, `B`, `?`: Command on a Mac counts as Ctrl; Shift counts with letters only. */
export function keysOf(press: KeyPress): string {
  const name = press.key === ' ' ? 'Space' : press.key.length === 1 ? press.key.toUpperCase() : press.key;
  const isLetter = /^[A-Z]$/.test(name);
  const modifiers = [
    press.ctrlKey || press.metaKey ? 'Ctrl+' : '',
    press.altKey ? 'Alt+' : '',
    press.shiftKey && isLetter ? 'Shift+' : '',
  ];
  return modifiers.join('') + name;
}

export function commandFor(press: KeyPress): Command | undefined {
  const keys = keysOf(press);
  return BINDINGS.find((binding) => binding.keys === keys)?.command;
}

export function keysFor(command: Command): string {
  const keys = BINDINGS.find((binding) => binding.command === command)?.keys ?? '';
  return keys.replace('Ctrl+', 'Ctrl ').replace('Shift+', '⇧ ').replace('ArrowRight', '→').replace('ArrowUp', '↑').replace('ArrowDown', '↓');
}
