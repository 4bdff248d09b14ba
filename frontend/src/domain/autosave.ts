/**
 * The promise that a save cannot be lost: every change is journalled on this machine first, then sent as one act with
 * its own `client_id` on top of a named revision; it leaves the journal only when the server names the new revision.
 */

export type SaveState = 'saved' | 'saving' | 'waiting' | 'kept' | 'conflict' | 'failed';

export interface Act<Change> {
  client_id: string;
  base_revision: number;
  change: Change;
}

/** What the journal holds for one document (the segmentations of one series in one read, or its answers). */
export interface JournalRecord<Change> {
  /** Sent, not yet acknowledged: repeated with the same id until the server answers. */
  inflight: Act<Change> | null;
  /** Made since; goes out in the next act. */
  pending: Change | null;
}

export interface JournalStore<Change> {
  get(key: string): Promise<JournalRecord<Change> | undefined>;
  put(key: string, record: JournalRecord<Change>): Promise<void>;
  remove(key: string): Promise<void>;
}

export interface Acknowledgement {
  revision: number;
  acknowledged_at: string;
}

/** How the transport says what went wrong: `stale` names the server's head, `offline` is worth trying again. */
export class SaveRefused extends Error {
  constructor(
    readonly reason: 'stale' | 'offline' | 'refused',
    readonly headRevision: number | null = null,
    message = reason as string,
  ) {
    super(message);
  }
}

export interface SaveStatus {
  state: SaveState;
  revision: number;
  acknowledged_at: string | null;
  headRevision: number | null;
  detail: string;
}

export interface AutosavePorts<Change> {
  key: string;
  store: JournalStore<Change>;
  send: (act: Act<Change>) => Promise<Acknowledgement>;
  merge: (older: Change, newer: Change) => Change;
  newId: () => string;
  onStatus: (status: SaveStatus) => void;
  /** Quiet time before a change goes out, and the wait before a kept one is tried again. */
  delay_ms?: number;
  retry_ms?: number;
}

export class Autosave<Change> {
  private record: JournalRecord<Change> = { inflight: null, pending: null };
  private status: SaveStatus;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private running: Promise<void> | null = null;
  private writing: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly ports: AutosavePorts<Change>,
    revision: number,
  ) {
    this.status = { state: 'saved', revision, acknowledged_at: null, headRevision: null, detail: '' };
  }

  get current(): SaveStatus {
    return this.status;
  }

  /** Work kept here by an earlier page, oldest first; empty when everything was acknowledged. */
  async recover(): Promise<Change[]> {
    const kept = await this.ports.store.get(this.ports.key);
    if (!kept) return [];
    this.record = kept;
    this.schedule(0);
    return [kept.inflight?.change, kept.pending].filter((change): change is Change => change != null);
  }

  /** Journals the change, then sends it after a quiet moment. Resolves once it is safe on this machine. */
  async note(change: Change): Promise<void> {
    this.record = {
      ...this.record,
      pending: this.record.pending === null ? change : this.ports.merge(this.record.pending, change),
    };
    if (this.status.state === 'saved') this.announce({ state: 'waiting' });
    await this.journal();
    if (this.status.state !== 'conflict') this.schedule(this.ports.delay_ms ?? 800);
  }

  /** Sends everything now; true when the server has all of it. */
  async flush(): Promise<boolean> {
    clearTimeout(this.timer);
    while (!this.stopped && this.status.state !== 'conflict' && this.hasWork()) {
      await this.pump();
      if (this.status.state === 'kept' || this.status.state === 'failed') break;
    }
    return !this.hasWork();
  }

  /** The person decides that this machine's work goes on top of what the server has meanwhile. */
  async resolveWithMine(): Promise<void> {
    if (this.status.state !== 'conflict') return;
    const { inflight, pending } = this.record;
    const mine = inflight && pending ? this.ports.merge(inflight.change, pending) : (inflight?.change ?? pending);
    this.record = { inflight: null, pending: mine };
    await this.journal();
    this.announce({ state: 'waiting', revision: this.status.headRevision ?? this.status.revision, headRevision: null });
    this.schedule(0);
  }

  /** The person decides for the server's state: this machine's unsent work is dropped from the journal. */
  async resolveWithTheirs(): Promise<void> {
    this.record = { inflight: null, pending: null };
    await this.journal();
    this.announce({ state: 'saved', revision: this.status.headRevision ?? this.status.revision, headRevision: null });
  }

  /** The server moved on by an act of ours outside this document (taking another's read). Only with nothing unsent. */
  adoptRevision(revision: number): void {
    if (this.hasWork()) throw new Error('unsent work stands on the revision before');
    this.announce({ state: 'saved', revision, headRevision: null });
  }

  /** Ends sending from this page; the journal stays for the next one. */
  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  retryNow(): void {
    if (this.status.state === 'kept' || this.status.state === 'failed') this.schedule(0);
  }

  private hasWork(): boolean {
    return this.record.inflight !== null || this.record.pending !== null;
  }

  private schedule(delay_ms: number): void {
    clearTimeout(this.timer);
    if (this.stopped) return;
    this.timer = setTimeout(() => void this.pump(), delay_ms);
  }

  private pump(): Promise<void> {
    this.running ??= this.sendOne().finally(() => {
      this.running = null;
    });
    return this.running;
  }

  private async sendOne(): Promise<void> {
    if (this.stopped || this.status.state === 'conflict') return;
    if (!this.record.inflight) {
      if (this.record.pending === null) return;
      this.record = {
        inflight: { client_id: this.ports.newId(), base_revision: this.status.revision, change: this.record.pending },
        pending: null,
      };
      await this.journal();
    }
    const act = this.record.inflight as Act<Change>;
    this.announce({ state: 'saving' });
    try {
      const answer = await this.ports.send(act);
      this.record = { ...this.record, inflight: null };
      await this.journal();
      this.announce({
        state: this.hasWork() ? 'waiting' : 'saved',
        revision: answer.revision,
        acknowledged_at: answer.acknowledged_at,
        detail: '',
      });
      if (this.hasWork()) this.schedule(this.ports.delay_ms ?? 800);
    } catch (error) {
      this.refused(error);
    }
  }

  private refused(error: unknown): void {
    const refusal = error instanceof SaveRefused ? error : new SaveRefused('refused', null, String(error));
    if (refusal.reason === 'stale') {
      this.announce({ state: 'conflict', headRevision: refusal.headRevision, detail: refusal.message });
      return;
    }
    this.announce({ state: refusal.reason === 'offline' ? 'kept' : 'failed', detail: refusal.message });
    this.schedule(this.ports.retry_ms ?? 4000);
  }

  private journal(): Promise<void> {
    const { key, store } = this.ports;
    const record = this.record;
    const empty = record.inflight === null && record.pending === null;
    this.writing = this.writing.then(() => (empty ? store.remove(key) : store.put(key, record)));
    return this.writing;
  }

  private announce(changes: Partial<SaveStatus>): void {
    this.status = { ...this.status, ...changes };
    this.ports.onStatus(this.status);
  }
}
