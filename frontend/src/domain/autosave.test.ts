import { describe, expect, it, vi } from 'vitest';
import { Autosave, SaveRefused, type Act, type JournalRecord, type JournalStore, type SaveStatus } from './autosave';

class MemoryStore implements JournalStore<number[]> {
  kept = new Map<string, JournalRecord<number[]>>();
  async get(key: string) {
    return this.kept.get(key);
  }
  async put(key: string, record: JournalRecord<number[]>) {
    this.kept.set(key, structuredClone(record));
  }
  async remove(key: string) {
    this.kept.delete(key);
  }
}

/** A server that keeps acts in order, answers a repeated id as before, and refuses what builds on an old revision. */
function makeServer() {
  const acts: Act<number[]>[] = [];
  const server = {
    acts,
    offline: false,
    loseAnswer: false,
    head: 0,
    async send(act: Act<number[]>) {
      if (server.offline) throw new SaveRefused('offline');
      const known = acts.findIndex(({ client_id }) => client_id === act.client_id);
      if (known >= 0) return { revision: known + 1, acknowledged_at: 'then' };
      if (act.base_revision !== server.head) throw new SaveRefused('stale', server.head);
      acts.push(act);
      server.head += 1;
      if (server.loseAnswer) {
        server.loseAnswer = false;
        throw new SaveRefused('offline');
      }
      return { revision: server.head, acknowledged_at: 'now' };
    },
  };
  return server;
}

function makeSave(server: ReturnType<typeof makeServer>, store: MemoryStore, revision = 0) {
  const seen: SaveStatus[] = [];
  let id = 0;
  const save = new Autosave<number[]>(
    {
      key: 'read/series',
      store,
      send: (act) => server.send(act),
      merge: (older, newer) => [...older, ...newer],
      newId: () => `${revision}-${(id += 1)}`,
      onStatus: (status) => seen.push(status),
      delay_ms: 1_000_000,
      retry_ms: 1_000_000,
    },
    revision,
  );
  return { save, seen };
}

describe('autosave', () => {
  it('journals before it sends, and empties the journal only on the acknowledged revision', async () => {
    const [server, store] = [makeServer(), new MemoryStore()];
    const { save, seen } = makeSave(server, store);
    await save.note([1]);
    await save.note([2]);
    expect(server.acts).toEqual([]);
    expect(store.kept.get('read/series')).toEqual({ inflight: null, pending: [1, 2] });
    expect(await save.flush()).toBe(true);
    expect(server.acts).toEqual([{ client_id: '0-1', base_revision: 0, change: [1, 2] }]);
    expect(store.kept.size).toBe(0);
    expect(seen.map(({ state }) => state)).toEqual(['waiting', 'saving', 'saved']);
    expect(save.current).toMatchObject({ revision: 1, acknowledged_at: 'now' });
  });

  it('keeps work while offline and repeats the same act when the answer was lost', async () => {
    const [server, store] = [makeServer(), new MemoryStore()];
    const { save } = makeSave(server, store);
    server.loseAnswer = true;
    await save.note([1]);
    expect(await save.flush()).toBe(false);
    expect(save.current.state).toBe('kept');
    await save.note([2]);
    expect(await save.flush()).toBe(true);
    expect(server.acts.map(({ client_id, change }) => [client_id, change])).toEqual([['0-1', [1]], ['0-2', [2]]]);
    expect(save.current.revision).toBe(2);
  });

  it('hands a crashed page its work back, oldest first, and doubles nothing', async () => {
    const [server, store] = [makeServer(), new MemoryStore()];
    const first = makeSave(server, store);
    server.loseAnswer = true;
    await first.save.note([1]);
    await first.save.flush();
    await first.save.note([2]);
    first.save.stop();
    const second = makeSave(server, store, 1);
    expect(await second.save.recover()).toEqual([[1], [2]]);
    expect(await second.save.flush()).toBe(true);
    expect(server.acts.map(({ change }) => change)).toEqual([[1], [2]]);
    expect(store.kept.size).toBe(0);
  });

  it('shows a stale save as a conflict, overwrites nothing, and goes on only as the person decides', async () => {
    const [server, store] = [makeServer(), new MemoryStore()];
    server.head = 3;
    const { save } = makeSave(server, store, 2);
    await save.note([1]);
    expect(await save.flush()).toBe(false);
    expect(save.current).toMatchObject({ state: 'conflict', headRevision: 3, revision: 2 });
    await save.note([2]);
    expect(await save.flush()).toBe(false);
    expect(server.acts).toEqual([]);
    await save.resolveWithMine();
    expect(await save.flush()).toBe(true);
    expect(server.acts.map(({ base_revision, change }) => [base_revision, change])).toEqual([[3, [1, 2]]]);
  });

  it('drops the work of this machine only on the word of the person', async () => {
    const [server, store] = [makeServer(), new MemoryStore()];
    server.head = 3;
    const { save } = makeSave(server, store, 2);
    await save.note([1]);
    await save.flush();
    await save.resolveWithTheirs();
    expect(store.kept.size).toBe(0);
    expect(save.current).toMatchObject({ state: 'saved', revision: 3 });
  });

  it('sends after a quiet moment and tries again by itself', async () => {
    vi.useFakeTimers();
    try {
      const [server, store] = [makeServer(), new MemoryStore()];
      const save = new Autosave<number[]>(
        { key: 'k', store, send: (act) => server.send(act), merge: (a, b) => [...a, ...b], newId: () => 'x', onStatus: () => undefined, delay_ms: 500, retry_ms: 2000 },
        0,
      );
      server.offline = true;
      await save.note([1]);
      await vi.advanceTimersByTimeAsync(600);
      expect(save.current.state).toBe('kept');
      server.offline = false;
      await vi.advanceTimersByTimeAsync(2100);
      expect(save.current).toMatchObject({ state: 'saved', revision: 1 });
    } finally {
      vi.useRealTimers();
    }
  });
});
