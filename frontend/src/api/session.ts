import { useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { request } from './client';
import type { Room, Session, Tenant } from './contract';

export const SESSION_KEY = ['session'] as const;

export const sessionQuery = {
  queryKey: SESSION_KEY,
  queryFn: () => request<Session>('/api/v1/session'),
  staleTime: 5 * 60_000,
};

export function useSession(): Session | undefined {
  return useQuery(sessionQuery).data;
}

/** The slug in the address: it alone decides which tenant a request goes to. */
export function useTenantSlug(): string {
  const { tenant } = useParams({ strict: false });
  return tenant ?? '';
}

export function useTenant(): Tenant | undefined {
  const slug = useTenantSlug();
  return useQuery({
    queryKey: ['tenant', slug],
    queryFn: () => request<Tenant>('/api/v1/tenant', { tenant: slug }),
    staleTime: 60_000,
    enabled: slug !== '',
  }).data;
}

export function useRooms(): Room[] {
  return useTenant()?.rooms ?? [];
}

/** Ends the session on the server, then forgets everything this page had read. */
export async function signOut(client: QueryClient): Promise<void> {
  await request('/api/v1/session/sign-out', { method: 'POST' });
  client.clear();
}

export function useSignOut(): () => Promise<void> {
  const client = useQueryClient();
  return () => signOut(client);
}
