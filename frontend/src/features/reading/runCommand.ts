import type { Command } from '../../domain/keymap';
import type { ReadingSession } from './readingSession';

export interface PageActs {
  openDialog: (dialog: 'help' | 'flag') => void;
  /** Opens a read, or the worklist when none is left. */
  goTo: (readId: string | null) => void;
}

type Handler = (session: ReadingSession, acts: PageActs) => void | Promise<void>;

function cycleSegment(session: ReadingSession): void {
  const numbers = session.read.label_schema.classes.map((entry) => entry.number);
  const index = numbers.indexOf(session.store.get().segment);
  session.chooseSegment(numbers[(index + 1) % numbers.length] ?? 1);
}

function toggleNothing(session: ReadingSession): void {
  const { nothingFound, signed } = session.store.get();
  if (signed) return;
  if (!nothingFound && session.hasLabels()) session.store.set({ hint: 'drawnAndNothing' });
  else {
    session.store.set({ hint: null });
    session.setNothingFound(!nothingFound);
  }
}

/** Signs, then opens the next case at once: one key, next case. */
async function submit(session: ReadingSession, acts: PageActs): Promise<void> {
  const { busy, signed } = session.store.get();
  if (busy || signed) return;
  if (await session.submit()) acts.goTo(await session.next());
}

function takeSlice(what: 'A' | 'B' | 'merge' | 'none'): Handler {
  return (session) => {
    if (session.store.get().signed || !session.read.adjudication) return;
    session.takeSlice(what);
    if (what === 'none') session.chooseTool('brush');
  };
}

const HANDLERS: Partial<Record<Command, Handler>> = {
  submit,
  flag: (_session, acts) => acts.openDialog('flag'),
  help: (_session, acts) => acts.openDialog('help'),
  nothing: toggleNothing,
  next: async (session, acts) => acts.goTo(await session.next()),
  brush: (session) => session.chooseTool('brush'),
  eraser: (session) => session.chooseTool('eraser'),
  window: (session) => session.chooseTool('window'),
  pan: (session) => session.chooseTool('pan'),
  length: (session) => session.chooseTool('length'),
  crosshair: async (session) => {
    if (session.store.get().layout === 'stack') await session.setLayout('mpr');
    session.chooseTool('crosshair');
  },
  smaller: (session) => session.setRadius(session.store.get().radius_mm * 0.8),
  larger: (session) => session.setRadius(session.store.get().radius_mm * 1.25),
  undo: (session) => session.undo(),
  redo: (session) => session.redo(),
  hide: (session) => session.setLabelsVisible(!session.store.get().labelsVisible),
  maximise: (session) => session.store.set({ maximised: !session.store.get().maximised }),
  layout: (session) => session.setLayout(session.store.get().layout === 'stack' ? 'mpr' : 'stack'),
  cine: (session) => session.setCine(!session.store.get().cine),
  nextSegment: cycleSegment,
  previousSlice: (session) => session.setSlice(session.store.get().slice - 1),
  nextSlice: (session) => session.setSlice(session.store.get().slice + 1),
  takeA: takeSlice('A'),
  takeB: takeSlice('B'),
  merge: takeSlice('merge'),
  redraw: takeSlice('none'),
  showA: (session) => session.toggleOverlay('A'),
  showB: (session) => session.toggleOverlay('B'),
  difference: (session) => session.toggleOverlay('difference'),
  nextDisagreement: (session) => session.nextDisagreement(),
};

export async function runCommand(command: Command, session: ReadingSession, acts: PageActs): Promise<void> {
  session.act();
  if (command.startsWith('preset')) session.applyPreset(Number(command.slice('preset'.length)) - 1);
  else await HANDLERS[command]?.(session, acts);
}
