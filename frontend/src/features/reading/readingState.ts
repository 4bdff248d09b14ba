import type { AnswerValue } from '../../api/contract';
import type { Disagreement } from '../../domain/agreement';
import type { EdgeLetters } from '../../domain/geometry';
import type { SaveStatus } from '../../domain/autosave';
import type { ApiProblem } from '../../api/client';
import type { Probe } from '../../viewer/seriesStack';
import type { Layout, PaneId } from '../../viewer/stage';
import type { ToolName } from '../../viewer/tools';

export type Overlay = 'A' | 'B' | 'difference';

/** Everything the workstation shows that is not on the server. */
export interface ReadingState {
  seriesUid: string;
  ready: boolean;
  problem: ApiProblem | Error | null;
  slice: number;
  slices: number;
  position_mm: number | null;
  loadedImages: number;
  firstImage_ms: number | null;
  lastImage_ms: number | null;
  window: { center: number; width: number };
  probe: Probe | null;
  unit: string;
  tool: ToolName;
  radius_mm: number;
  segment: number;
  layout: Layout;
  letters: Partial<Record<PaneId, EdgeLetters>>;
  canMpr: boolean;
  labelsVisible: boolean;
  maximised: boolean;
  cine: boolean;
  counts: Record<number, number>;
  drawnSlices: number[];
  canUndo: boolean;
  canRedo: boolean;
  save: SaveStatus;
  answersSave: SaveStatus;
  answers: Record<string, AnswerValue>;
  nothingFound: boolean;
  activeReading_s: number;
  overlays: Record<Overlay, boolean>;
  disagreements: Disagreement[];
  rationale: string;
  missing: string[];
  hint: string | null;
  busy: 'submit' | 'adopt' | 'next' | null;
  signed: boolean;
}

const QUIET: SaveStatus = { state: 'saved', revision: 0, acknowledged_at: null, headRevision: null, detail: '' };

export function initialState(): ReadingState {
  return {
    seriesUid: '', ready: false, problem: null, slice: 0, slices: 0, position_mm: null, loadedImages: 0,
    firstImage_ms: null, lastImage_ms: null, window: { center: 40, width: 400 }, probe: null, unit: '', tool: 'brush',
    radius_mm: 4, segment: 1, layout: 'stack', letters: {}, canMpr: false, labelsVisible: true, maximised: false, cine: false, counts: {},
    drawnSlices: [], canUndo: false, canRedo: false, save: QUIET, answersSave: QUIET, answers: {}, nothingFound: false,
    activeReading_s: 0, overlays: { A: true, B: true, difference: false }, disagreements: [], rationale: '', missing: [],
    hint: null, busy: null, signed: false,
  };
}
