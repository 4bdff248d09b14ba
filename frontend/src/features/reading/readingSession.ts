import { ApiProblem } from '../../api/client';
import type { AnswerValue, Read } from '../../api/contract';
import { browserJournal } from '../../api/journal';
import { ReadApi, type AnswersChange } from '../../api/reads';
import { ActivityMeter } from '../../domain/activity';
import { Autosave } from '../../domain/autosave';
import { presetsFor } from '../../domain/presets';
import { createStore } from '../../ui/store';
import { detectRenderMode, startEngine } from '../../viewer/engine';
import { Stage, type Layout, type PaneId } from '../../viewer/stage';
import type { ToolName } from '../../viewer/tools';
import { ShownReads } from './shownReads';
import { SeriesDocument } from './seriesDocument';
import { initialState, type Overlay } from './readingState';

const HEARTBEAT_MS = 15_000;
const CINE_MS = 1000 / 12;

/** One sitting at one read: its documents, its panes, its clock and its saving. React only shows its `store`. */
export class ReadingSession {
  readonly store = createStore(initialState());
  readonly api: ReadApi;
  private readonly documents = new Map<string, SeriesDocument>();
  private readonly answersSave: Autosave<AnswersChange>;
  private readonly meter = new ActivityMeter(performance.now());
  private readonly timers: ReturnType<typeof setInterval>[] = [];
  private stage: Stage | null = null;
  private shown: ShownReads | null = null;
  private elements: Partial<Record<PaneId, HTMLDivElement>> = {};
  private serverActive_s: number;
  private closed = false;
  private cineTimer: ReturnType<typeof setInterval> | undefined;

  constructor(
    readonly read: Read,
    tenant: string,
    private readonly journalOwner: string,
    askedRender: string | null,
  ) {
    this.api = new ReadApi(tenant, read.id);
    this.serverActive_s = read.active_reading_s;
    startEngine(detectRenderMode(askedRender));
    this.answersSave = new Autosave<AnswersChange>(
      {
        key: `${journalOwner}/${read.id}/answers`,
        store: browserJournal<AnswersChange>(),
        send: (act) => this.api.saveAnswers(act),
        merge: (_older, newer) => newer,
        newId: () => crypto.randomUUID(),
        onStatus: (answersSave) => this.store.set({ answersSave }),
        delay_ms: 400,
      },
      read.answers.revision,
    );
    this.store.set({
      answers: read.answers.values,
      nothingFound: read.answers.nothing_found,
      activeReading_s: read.active_reading_s,
      segment: read.label_schema.classes[0]?.number ?? 1,
      signed: read.state !== 'draft',
      answersSave: this.answersSave.current,
    });
  }

  get document(): SeriesDocument | undefined {
    return this.documents.get(this.store.get().seriesUid);
  }

  async start(elements: Partial<Record<PaneId, HTMLDivElement>>): Promise<void> {
    this.elements = elements;
    this.timers.push(setInterval(() => void this.beat(), HEARTBEAT_MS), setInterval(() => this.tick(), 1000));
    const kept = (await this.answersSave.recover()).at(-1);
    if (kept) this.store.set({ answers: kept.values, nothingFound: kept.nothing_found });
    const drawn = this.read.segmentations[0]?.series_instance_uid;
    const first = this.read.series.find((series) => series.series_instance_uid === drawn) ?? this.read.series[0];
    if (first) await this.openSeries(first.series_instance_uid);
  }

  async openSeries(seriesUid: string): Promise<void> {
    this.stage?.destroy();
    this.stage = null;
    this.store.set({ seriesUid, ready: false, problem: null, loadedImages: 0, probe: null, disagreements: [] });
    try {
      const document = this.documents.get(seriesUid) ?? (await this.openDocument(seriesUid));
      if (this.closed || this.store.get().seriesUid !== seriesUid) return;
      this.documents.set(seriesUid, document);
      this.stage = this.makeStage(document);
      this.store.set({
        slices: document.stack.images.length,
        unit: document.stack.unit,
        canMpr: document.stack.volumetric,
        layout: 'stack',
        save: document.save.current,
      });
      this.stage.setTool('window');
      await this.stage.mount('stack', this.elements);
      if (!document.ready) await document.load();
      if (this.read.adjudication) await this.openShownReads(document);
      if (this.closed) return;
      this.store.set({ ready: true });
      this.chooseTool(this.store.get().tool);
      this.showLabels();
    } catch (error) {
      if (!this.closed) this.store.set({ problem: error instanceof Error ? error : new Error(String(error)) });
    }
  }

  private openDocument(seriesUid: string): Promise<SeriesDocument> {
    const head = this.read.segmentations.find((entry) => entry.series_instance_uid === seriesUid)?.head_revision ?? 0;
    return SeriesDocument.open({
      api: this.api,
      dicomwebRoot: this.read.dicomweb_root,
      studyUid: this.read.study_instance_uid,
      seriesUid,
      readId: this.read.id,
      journalOwner: this.journalOwner,
      looks: this.read.label_schema.classes,
      headRevision: head,
      events: { onSave: (save) => this.store.set({ save }), onLabels: () => this.showLabels() },
    });
  }

  private makeStage(document: SeriesDocument): Stage {
    const started = startEngine('webgl');
    return new Stage(started.mode, document.stack, document.labels, {
      onSlice: (slice) => this.store.set({ slice, position_mm: document.stack.offsets_mm[slice] ?? null }),
      onWindow: (window) => this.store.set({ window }),
      onMissing: () => this.store.set({ hint: 'imagesMissing' }),
      onLetters: (letters) => this.store.set({ letters }),
      onProbe: (probe) => this.store.set({ probe }),
      onStroke: (changes) => this.onStroke(document, changes),
      onRendered: () => {
        if (this.store.get().firstImage_ms === null) this.store.set({ firstImage_ms: Math.round(performance.now()) });
      },
      onLoaded: (loadedImages) => {
        const all = loadedImages === document.stack.images.length;
        this.store.set({ loadedImages, ...(all ? { lastImage_ms: Math.round(performance.now()) } : {}) });
      },
    });
  }

  private onStroke(document: SeriesDocument, changes: Parameters<SeriesDocument['stroke']>[0]): void {
    this.act();
    this.setCine(false);
    document.stroke(changes);
    if (this.store.get().nothingFound && this.hasLabels()) this.setNothingFound(false);
  }

  private async openShownReads(document: SeriesDocument): Promise<void> {
    this.shown = await ShownReads.open(this.api, document.stack, this.read.id);
    this.store.set({ disagreements: this.shown.disagreements });
    await this.showOverlays();
    const first = this.shown.disagreements[0];
    if (first) await this.stage?.setSlice(first.slice);
  }

  private showLabels(): void {
    const document = this.document;
    if (!document) return;
    this.store.set({
      counts: Object.fromEntries(document.labels.voxelCounts()),
      drawnSlices: document.drawnSlices(),
      canUndo: document.commands.canUndo,
      canRedo: document.commands.canRedo,
    });
  }

  hasLabels(): boolean {
    return [...this.documents.values()].some((document) => [...document.labels.voxelCounts().values()].some((count) => count > 0));
  }

  /** The reader did something: the clock of active reading runs on. */
  act(): void {
    this.meter.act(performance.now());
  }

  private tick(): void {
    this.store.set({ activeReading_s: Math.floor(this.serverActive_s + this.meter.pending_s(performance.now())) });
  }

  private async beat(): Promise<void> {
    if (this.store.get().signed) return;
    const active_s = this.meter.take(performance.now());
    try {
      this.serverActive_s = (await this.api.heartbeat(active_s)).active_reading_s;
    } catch {
      this.meter.giveBack(active_s);
    }
    this.tick();
  }

  chooseTool(tool: ToolName): void {
    this.store.set({ tool });
    const { ready, signed, layout } = this.store.get();
    const locked = (!ready || signed) && (tool === 'brush' || tool === 'eraser');
    this.stage?.setTool(locked || (tool === 'crosshair' && layout === 'stack') ? 'window' : tool);
    this.applyBrush();
  }

  chooseSegment(segment: number): void {
    this.store.set({ segment });
    this.applyBrush();
  }

  setRadius(radius_mm: number): void {
    this.store.set({ radius_mm: Math.max(0.5, Math.min(40, radius_mm)) });
    this.applyBrush();
  }

  private applyBrush(): void {
    const { segment, radius_mm } = this.store.get();
    const others = this.read.label_schema.classes.map((entry) => entry.number).filter((number) => number !== segment);
    this.stage?.setBrush(radius_mm, segment, others);
  }

  async setLayout(layout: Layout): Promise<void> {
    if (layout === 'mpr' && !this.store.get().canMpr) return;
    this.store.set({ layout });
    await new Promise((resolve) => requestAnimationFrame(resolve));
    await this.stage?.mount(layout, this.elements);
    this.chooseTool(this.store.get().tool);
  }

  setLabelsVisible(labelsVisible: boolean): void {
    this.store.set({ labelsVisible });
    this.stage?.setLabelsVisible(labelsVisible);
  }

  applyPreset(index: number): void {
    const document = this.document;
    const preset = document && presetsFor(document.stack.modality, document.stack.window)[index];
    if (preset) this.stage?.setWindow({ center: preset.center, width: preset.width });
  }

  setSlice(slice: number): void {
    void this.stage?.setSlice(slice);
  }

  /** Runs through the stack, round and round, until told to stop; a drawn stroke stops it too. */
  setCine(cine: boolean): void {
    clearInterval(this.cineTimer);
    this.store.set({ cine });
    if (!cine) return;
    this.cineTimer = setInterval(() => {
      const { slice, slices } = this.store.get();
      this.setSlice((slice + 1) % Math.max(1, slices));
    }, CINE_MS);
  }

  undo(): void {
    this.document?.undo();
  }

  redo(): void {
    this.document?.redo();
  }

  resize(): void {
    this.stage?.resize();
  }

  answer(key: string, value: AnswerValue): void {
    const answers = { ...this.store.get().answers, [key]: value };
    this.store.set({ answers, missing: [] });
    this.noteAnswers();
  }

  setNothingFound(nothingFound: boolean): void {
    this.store.set({ nothingFound, missing: [] });
    this.noteAnswers();
  }

  private noteAnswers(): void {
    this.act();
    const { answers, nothingFound } = this.store.get();
    void this.answersSave.note({ values: answers, nothing_found: nothingFound });
  }

  async toggleOverlay(overlay: Overlay): Promise<void> {
    const { overlays } = this.store.get();
    this.store.set({ overlays: { ...overlays, [overlay]: !overlays[overlay] } });
    await this.showOverlays();
  }

  private async showOverlays(): Promise<void> {
    const { overlays } = this.store.get();
    await this.stage?.setOverlays((this.shown?.surfaces ?? []).map(({ name, surface }) => ({ surface, visible: overlays[name] })));
  }

  /** Puts one reader's drawing, both, or nothing on the current slice of the adjudicator's own. */
  takeSlice(what: 'A' | 'B' | 'merge' | 'none'): void {
    const { slice } = this.store.get();
    const labels = this.shown?.slice(what, slice);
    if (labels && this.document?.ready) this.document.replace(new Map([[slice, labels]]));
    this.act();
  }

  nextDisagreement(): void {
    const { disagreements, slice } = this.store.get();
    const index = disagreements.findIndex((entry) => entry.slice === slice);
    const next = disagreements[(index + 1) % Math.max(1, disagreements.length)];
    if (next) this.setSlice(next.slice);
  }

  /** Starts the adjudicator's own segmentation from one of the two reads, on the server. */
  async adopt(label: 'A' | 'B'): Promise<void> {
    this.store.set({ busy: 'adopt' });
    try {
      if (!(await this.flush())) return;
      await this.api.adopt(label);
      for (const document of this.documents.values()) await document.reload();
      const { answers } = await this.api.read();
      this.answersSave.adoptRevision(answers.revision);
      this.store.set({ answers: answers.values, nothingFound: answers.nothing_found });
    } catch (error) {
      this.store.set({ problem: error instanceof Error ? error : new Error(String(error)) });
    } finally {
      this.store.set({ busy: null });
    }
  }

  async resolveConflict(mine: boolean): Promise<void> {
    for (const save of [this.document?.save, this.answersSave]) {
      if (save?.current.state !== 'conflict') continue;
      if (mine) await save.resolveWithMine();
      else await save.resolveWithTheirs();
    }
    if (!mine) await this.document?.reload();
  }

  retrySave(): void {
    this.document?.save.retryNow();
    this.answersSave.retryNow();
  }

  private async flush(): Promise<boolean> {
    const saves = [this.answersSave, ...[...this.documents.values()].map((document) => document.save)];
    const done = await Promise.all(saves.map((save) => save.flush()));
    return done.every(Boolean);
  }

  /** Sends what is unsent, then signs. What is missing comes back in `missing`; nothing is signed half. */
  async submit(): Promise<boolean> {
    this.store.set({ busy: 'submit', missing: [], problem: null, hint: null });
    try {
      if (!(await this.flush())) {
        this.store.set({ hint: 'unsent' });
        return false;
      }
      await this.beat();
      this.stage?.setPrefetch(false);
      await this.api.submit(this.read.stage.kind === 'adjudicate' ? 'adjudicated' : 'authored', this.store.get().rationale);
      this.store.set({ signed: true });
      return true;
    } catch (error) {
      if (error instanceof ApiProblem && error.errors.length > 0) {
        this.store.set({ missing: error.errors.map((entry) => entry.detail) });
      } else this.store.set({ problem: error instanceof Error ? error : new Error(String(error)) });
      this.stage?.setPrefetch(true);
      return false;
    } finally {
      this.store.set({ busy: null });
    }
  }

  /** The next case for this reader, or null when nothing waits. */
  async next(): Promise<string | null> {
    this.store.set({ busy: 'next' });
    try {
      await this.flush();
      return (await this.api.claimNext()).read_id;
    } catch (error) {
      if (error instanceof ApiProblem && error.code === 'nothing-to-read') return null;
      this.store.set({ problem: error instanceof Error ? error : new Error(String(error)) });
      return this.read.id;
    } finally {
      this.store.set({ busy: null });
    }
  }

  close(): void {
    this.closed = true;
    clearInterval(this.cineTimer);
    for (const timer of this.timers) clearInterval(timer);
    this.answersSave.stop();
    for (const document of this.documents.values()) document.close();
    this.shown?.close();
    this.stage?.destroy();
  }
}
