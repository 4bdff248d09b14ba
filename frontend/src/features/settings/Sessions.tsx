import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { request, type ApiProblem } from '../../api/client';
import type { BrowserSession } from '../../api/contract';
import { formatTime } from '../../ui/format';
import { Loaded, ProblemNotice } from '../../ui/Messages';

const PATH = '/api/v1/session/sessions';

/** Every browser that is signed in as this person. */
export function Sessions() {
  const { t, i18n } = useTranslation();
  const client = useQueryClient();
  const sessions = useQuery<BrowserSession[], ApiProblem>({ queryKey: ['session', 'sessions'], queryFn: () => request<BrowserSession[]>(PATH) });
  const end = useMutation<void, ApiProblem, string>({
    mutationFn: (id) => request(`${PATH}/${id}`, { method: 'DELETE' }),
    onSuccess: () => void client.invalidateQueries({ queryKey: ['session', 'sessions'] }),
  });
  return (
    <section className="stack">
      <h2>{t('settings:sessions')}</h2>
      <ProblemNotice problem={end.error} />
      <Loaded value={sessions.data} problem={sessions.error} onRetry={() => void sessions.refetch()}>
        {(rows) => (
          <table className="plain">
            <thead><tr><th scope="col">{t('settings:source')}</th><th scope="col">{t('settings:since')}</th><th scope="col">{t('settings:seen')}</th><th scope="col"><span className="sr-only">{t('settings:end')}</span></th></tr></thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.id}>
                  <td>{row.source}</td><td>{formatTime(row.created_at, i18n.language)}</td><td>{formatTime(row.last_seen_at, i18n.language)}</td>
                  <td>{row.current ? <span className="dim">{t('settings:current')}</span> : <Button size="compact-xs" onClick={() => end.mutate(row.id)}>{t('settings:end')}</Button>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Loaded>
    </section>
  );
}
