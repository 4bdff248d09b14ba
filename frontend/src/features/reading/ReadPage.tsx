import './reading.css';
import { useSearch } from '@tanstack/react-router';
import { useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useQuery } from '@tanstack/react-query';
import { request, type ApiProblem } from '../../api/client';
import type { Read } from '../../api/contract';
import { useSession, useTenantSlug } from '../../api/session';
import { Loaded } from '../../ui/Messages';
import { Workstation } from './Workstation';

/** The address of one read. It is read from the server once: what is drawn afterwards lives in the session, not in a cache. */
export function ReadPage() {
  const { t } = useTranslation();
  const tenant = useTenantSlug();
  const user = useSession()?.user;
  const { readId = '' } = useParams({ strict: false }) as { readId?: string };
  const { render } = useSearch({ strict: false }) as { render?: string };
  const read = useQuery<Read, ApiProblem>({
    queryKey: [tenant, 'read', readId],
    queryFn: () => request<Read>(`/api/v1/reads/${readId}`, { tenant }),
    staleTime: 0,
    gcTime: 0,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  const fresh = read.isFetchedAfterMount ? read.data : undefined;
  return (
    <main style={{ height: '100%' }} aria-label={t('reading:case', { label: fresh?.case.label ?? '' })}>
      <Loaded value={fresh} problem={read.error} onRetry={() => void read.refetch()}>
        {(value) => <Workstation key={value.id} read={value} tenant={tenant} userId={user?.id ?? ''} render={render ?? null} />}
      </Loaded>
    </main>
  );
}
