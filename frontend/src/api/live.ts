import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useSession, useTenantSlug } from './session';

/** The socket tells that something moved, never what it says: the page reads it again through its own door. */
interface LiveMessage {
  type: string;
}

const CHANGES: Record<string, string[]> = {
  job: ['/api/v1/jobs', '/api/v1/deliveries', '/api/v1/dataset'],
  worklist: ['/api/v1/worklist'],
  delivery: ['/api/v1/deliveries', '/api/v1/projects'],
  case: ['/api/v1/cases', '/api/v1/projects'],
};
/** A running job moves many times a second; its rows are read at most this often. */
const QUIET_MS = 1000;

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
        // what was said while the socket was away is asked for again
        if (failures > 0) for (const type of Object.keys(CHANGES)) receive(client, tenant, { type });
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

const waiting = new Set<string>();

function receive(client: QueryClient, tenant: string, { type }: LiveMessage): void {
  const prefixes = CHANGES[type];
  const key = `${tenant} ${type}`;
  if (!prefixes || waiting.has(key)) return;
  waiting.add(key);
  setTimeout(() => {
    waiting.delete(key);
    void client.invalidateQueries({
      predicate: ({ queryKey }) =>
        queryKey[0] === tenant && prefixes.some((prefix) => String(queryKey[1]).startsWith(prefix)),
    });
  }, QUIET_MS);
}
