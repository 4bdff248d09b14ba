import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import type { Job, Page } from './contract';
import { useSession, useTenantSlug } from './session';

type LiveMessage =
  | { type: 'job'; job: Job }
  | { type: 'worklist' }
  | { type: 'delivery'; delivery_id: string }
  | { type: 'case'; case_id: string };

const CHANGES: Record<LiveMessage['type'], string[]> = {
  job: ['/api/v1/jobs'],
  worklist: ['/api/v1/worklist'],
  delivery: ['/api/v1/deliveries', '/api/v1/projects'],
  case: ['/api/v1/cases', '/api/v1/projects'],
};

/** Keeps this tenant's rows true while the page is open; falls silent, never wrong, when the socket is away. */
export function useLiveUpdates(): void {
  const client = useQueryClient();
  const tenant = useTenantSlug();
  const origin = useSession()?.socket_url;
  useEffect(() => {
    if (!tenant || origin === undefined) return;
    let socket: WebSocket | undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let failures = 0;
    let closed = false;
    const connect = () => {
      socket = new WebSocket(`${socketOrigin(origin)}/ws/t/${tenant}/live`);
      socket.onopen = () => {
        failures = 0;
      };
      socket.onmessage = (event) => receive(client, tenant, JSON.parse(String(event.data)) as LiveMessage);
      socket.onclose = () => {
        if (closed) return;
        failures += 1;
        timer = setTimeout(connect, Math.min(30_000, 500 * 2 ** failures));
      };
    };
    connect();
    return () => {
      closed = true;
      clearTimeout(timer);
      socket?.close();
    };
  }, [client, tenant, origin]);
}

function socketOrigin(configured: string): string {
  if (configured) return configured.replace(/\/$/, '').replace(/^http/, 'ws');
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}`;
}

function receive(client: QueryClient, tenant: string, message: LiveMessage): void {
  if (message.type === 'job') replaceJob(client, tenant, message.job);
  const prefixes = CHANGES[message.type] ?? [];
  void client.invalidateQueries({
    predicate: ({ queryKey }) => {
      const path = String(queryKey[1]);
      if (queryKey[0] !== tenant || !prefixes.some((prefix) => path.startsWith(prefix))) return false;
      return message.type !== 'job' || message.job.state !== 'running';
    },
  });
}

/** A running job reports often: its row is replaced in place, the list is not read again. */
function replaceJob(client: QueryClient, tenant: string, job: Job): void {
  client.setQueriesData<{ pages: Page<Job>[] } | Page<Job>>(
    { predicate: ({ queryKey }) => queryKey[0] === tenant && queryKey[1] === '/api/v1/jobs' },
    (data) => {
      if (!data) return data;
      const replace = (page: Page<Job>): Page<Job> => ({
        ...page,
        results: page.results.map((row) => (row.id === job.id ? job : row)),
      });
      return 'pages' in data ? { ...data, pages: data.pages.map(replace) } : replace(data);
    },
  );
}
