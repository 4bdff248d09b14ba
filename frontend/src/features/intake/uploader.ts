import { ApiProblem, request, send } from '../../api/client';
import type { Delivery } from '../../api/contract';
import { createStore } from '../../ui/store';
import type { PickedFile } from './picked';

export interface UploadState {
  phase: 'idle' | 'preparing' | 'sending' | 'paused' | 'finishing' | 'done' | 'failed';
  deliveryId: string | null;
  files: number;
  filesDone: number;
  bytes: number;
  bytesDone: number;
  offline: boolean;
  startedAt: number;
  current: string[];
  failures: { name: string; problem: ApiProblem }[];
  problem: ApiProblem | null;
}

const IDLE: UploadState = {
  phase: 'idle', deliveryId: null, files: 0, filesDone: 0, bytes: 0, bytesDone: 0, offline: false, startedAt: 0, current: [], failures: [], problem: null,
};
const LANES = 5;
const MISSING_CHUNK = 2000;

/**
 * Sends a folder into a delivery: asks what is missing, sends that in parallel, tries again what the network broke,
 * reports what the server refused. Stopping at any point loses nothing: the next run sends the rest.
 */
export class Uploader {
  readonly store = createStore<UploadState>(IDLE);
  private queue: PickedFile[] = [];
  private paused = false;
  private stopped = false;

  constructor(private readonly tenant: string) {}

  async start(project: string, name: string, files: PickedFile[]): Promise<void> {
    this.store.set({ ...IDLE, phase: 'preparing' });
    try {
      const delivery = await request<Delivery>(`/api/v1/projects/${project}/deliveries`, {
        method: 'POST', tenant: this.tenant, idempotencyKey: crypto.randomUUID(),
        body: { name, source: 'browser', files_expected: files.length },
      });
      await this.continue(delivery.id, files);
    } catch (error) {
      this.fail(error);
    }
  }

  async continue(deliveryId: string, files: PickedFile[]): Promise<void> {
    this.store.set({ ...IDLE, phase: 'preparing', deliveryId });
    try {
      const missing = await this.missing(deliveryId, files);
      const size = (list: PickedFile[]) => list.reduce((sum, { file }) => sum + file.size, 0);
      this.queue = files.filter(({ name }) => missing.has(name));
      this.store.set({
        phase: 'sending', files: files.length, filesDone: files.length - this.queue.length,
        bytes: size(files), bytesDone: size(files) - size(this.queue), startedAt: performance.now(),
      });
      await Promise.all(Array.from({ length: LANES }, () => this.lane(deliveryId)));
      if (this.stopped || this.store.get().phase === 'failed') return;
      if (this.store.get().failures.length === 0) await this.complete(deliveryId);
      else this.store.set({ phase: 'done' });
    } catch (error) {
      this.fail(error);
    }
  }

  async complete(deliveryId: string): Promise<void> {
    this.store.set({ phase: 'finishing' });
    await request(`/api/v1/deliveries/${deliveryId}/complete`, { method: 'POST', tenant: this.tenant });
    this.store.set({ phase: 'done' });
  }

  togglePause(): void {
    this.paused = !this.paused;
    this.store.set({ phase: this.paused ? 'paused' : 'sending' });
  }

  stop(): void {
    this.stopped = true;
  }

  private fail(error: unknown): void {
    this.store.set({ phase: 'failed', problem: error instanceof ApiProblem ? error : new ApiProblem(0, { detail: String(error) }) });
  }

  private async missing(deliveryId: string, files: PickedFile[]): Promise<Set<string>> {
    const missing = new Set<string>();
    for (let start = 0; start < files.length; start += MISSING_CHUNK) {
      const part = files.slice(start, start + MISSING_CHUNK).map(({ name, file }) => ({ name, size: file.size }));
      const answer = await request<{ missing: string[] }>(`/api/v1/deliveries/${deliveryId}/missing`, {
        method: 'POST', tenant: this.tenant, body: { files: part },
      });
      for (const name of answer.missing) missing.add(name);
    }
    return missing;
  }

  private async lane(deliveryId: string): Promise<void> {
    while (!this.stopped) {
      if (this.paused) {
        await wait(200);
        continue;
      }
      const item = this.queue.shift();
      if (!item) return;
      this.store.set({ current: [...this.store.get().current, item.name] });
      await this.sendOne(deliveryId, item);
      const { current, filesDone, bytesDone } = this.store.get();
      this.store.set({
        current: current.filter((name) => name !== item.name), filesDone: filesDone + 1, bytesDone: bytesDone + item.file.size,
      });
    }
  }

  private async sendOne(deliveryId: string, { name, file }: PickedFile): Promise<void> {
    for (let attempt = 0; !this.stopped; attempt += 1) {
      try {
        await send(`/api/v1/deliveries/${deliveryId}/content`, {
          method: 'PUT', tenant: this.tenant, query: { name }, body: file, headers: { 'Content-Type': 'application/octet-stream' },
        });
        this.store.set({ offline: false });
        return;
      } catch (error) {
        const problem = error instanceof ApiProblem ? error : new ApiProblem(0, { code: 'network' });
        const transient = problem.status === 0 || problem.status >= 500 || problem.status === 429;
        if (!transient || (problem.status >= 500 && attempt >= 4)) {
          this.store.set({ failures: [...this.store.get().failures, { name, problem }] });
          return;
        }
        this.store.set({ offline: problem.status === 0 });
        await wait(Math.min(15_000, 500 * 2 ** attempt));
      }
    }
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
