import { SaveRefused, type Acknowledgement, type Act } from '../domain/autosave';
import { CONTAINER_TYPE, decodeContainer, encodeContainer, type Container, type SlicePlane } from '../domain/container';
import { ApiProblem, request, send } from './client';
import type { AnswerValue, Read } from './contract';

/** Changed planes by `segment/slice`: a later change of the same plane replaces the earlier one. */
export type SegmentationChange = Record<string, SlicePlane>;

export interface AnswersChange {
  values: Record<string, AnswerValue>;
  nothing_found: boolean;
}

const TRANSIENT = new Set([0, 401, 408, 425, 429, 500, 502, 503, 504]);

/** Tells a stale save and an unreachable server apart from a refusal. */
function refusalOf(error: unknown): SaveRefused {
  if (!(error instanceof ApiProblem)) return new SaveRefused('refused', null, String(error));
  if (error.code === 'stale-revision') return new SaveRefused('stale', Number(error.body.head_revision ?? 0), error.message);
  return new SaveRefused(TRANSIENT.has(error.status) ? 'offline' : 'refused', null, error.message);
}

export class ReadApi {
  constructor(
    private readonly tenant: string,
    private readonly readId: string,
  ) {}

  private path(tail: string): string {
    return `/api/v1/reads/${this.readId}${tail}`;
  }

  read(): Promise<Read> {
    return request<Read>(this.path(''), { tenant: this.tenant });
  }

  /** Every non-empty plane of the head revision. */
  async segmentation(seriesUid: string): Promise<Container> {
    return this.container(this.path(`/segmentations/${seriesUid}`));
  }

  /** What a reader whose name is hidden drew; adjudication only. */
  async shownSegmentation(label: 'A' | 'B', seriesUid: string): Promise<Container> {
    return this.container(this.path(`/shown/${label}/segmentations/${seriesUid}`));
  }

  private async container(path: string): Promise<Container> {
    try {
      const answer = await send(path, { tenant: this.tenant, headers: { Accept: CONTAINER_TYPE } });
      return decodeContainer(new Uint8Array(await answer.arrayBuffer()));
    } catch (error) {
      if (error instanceof ApiProblem && error.status === 404) return { revision: 0, slices: [] };
      throw error;
    }
  }

  async saveSegmentation(seriesUid: string, act: Act<SegmentationChange>): Promise<Acknowledgement> {
    const body = encodeContainer({
      client_id: act.client_id,
      base_revision: act.base_revision,
      slices: Object.values(act.change).sort((a, b) => a.slice_index - b.slice_index || a.segment - b.segment),
    });
    try {
      return await request<Acknowledgement>(this.path(`/segmentations/${seriesUid}/revisions`), {
        method: 'POST', tenant: this.tenant, body, headers: { 'Content-Type': CONTAINER_TYPE },
      });
    } catch (error) {
      throw refusalOf(error);
    }
  }

  async saveAnswers({ client_id, base_revision, change }: Act<AnswersChange>): Promise<Acknowledgement> {
    try {
      return await request<Acknowledgement>(this.path('/answers'), {
        method: 'POST', tenant: this.tenant, body: { client_id, base_revision, ...change },
      });
    } catch (error) {
      throw refusalOf(error);
    }
  }

  heartbeat(active_s: number): Promise<{ active_reading_s: number; lease_until: string | null }> {
    return request(this.path('/heartbeat'), { method: 'POST', tenant: this.tenant, body: { active_s } });
  }

  adopt(label: 'A' | 'B'): Promise<{ revision: number }> {
    return request(this.path('/adopt'), { method: 'POST', tenant: this.tenant, body: { label } });
  }

  submit(signature_meaning: string, rationale: string): Promise<Read> {
    return request<Read>(this.path('/submit'), {
      method: 'POST', tenant: this.tenant, body: { signature_meaning, ...(rationale ? { rationale } : {}) },
    });
  }

  flag(code: string, text: string): Promise<unknown> {
    return request(this.path('/flag'), { method: 'POST', tenant: this.tenant, body: { code, text } });
  }

  release(): Promise<void> {
    return request(this.path('/release'), { method: 'POST', tenant: this.tenant });
  }

  claimNext(): Promise<{ read_id: string }> {
    return request('/api/v1/worklist/claim-next', {
      method: 'POST', tenant: this.tenant, body: {}, idempotencyKey: crypto.randomUUID(),
    });
  }
}
