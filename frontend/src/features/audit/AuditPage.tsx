import { Button, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useTranslation } from 'react-i18next';
import type { AuditEvent, Checkpoint, Page as ListPage, Verification } from '../../api/contract';
import { useAct, useApi, useKeysetList } from '../../api/hooks';
import { DataTable, type Column } from '../../ui/DataTable';
import { formatCount, formatTime } from '../../ui/format';
import { EmptyState, ProblemNotice } from '../../ui/Messages';
import { Facts, Page, SidePanel } from '../../ui/Page';
import { StateMark } from '../../ui/StateMark';
import { useUrlState } from '../../ui/urlState';

/** Who did what to whose data, and the proof that this list is whole. */
export function AuditPage() {
  const { t, i18n } = useTranslation();
  const [url, setUrl] = useUrlState();
  const source = useKeysetList<AuditEvent>('/api/v1/audit/events', { action: url.action, outcome: url.outcome });
  const verify = useAct<void, Verification>(() => ({ path: '/api/v1/audit/verify' }), []);
  const filter = useDebouncedCallback((action: string) => setUrl({ action }), 300);
  const open = source.rows.find((event) => event.id === url.open);
  const columns: Column<AuditEvent>[] = [
    { key: 'when', header: t('audit:when'), width: '200px', cell: (event) => formatTime(event.recorded_at, i18n.language) },
    { key: 'who', header: t('audit:who'), width: 'minmax(120px, 1.5fr)', cell: (event) => event.actor?.name ?? '–' },
    { key: 'what', header: t('audit:what'), width: 'minmax(180px, 2fr)', cell: (event) => <code>{event.action}</code> },
    { key: 'object', header: t('audit:object'), width: 'minmax(140px, 2fr)', cell: (event) => event.object?.label ?? '' },
    { key: 'subject', header: t('audit:subject'), width: '150px', optional: true, cell: (event) => <span className="mono">{event.subject_pseudonym ?? ''}</span> },
    { key: 'outcome', header: t('audit:outcome'), width: '110px', cell: (event) => <StateMark state={event.outcome} /> },
    { key: 'sealed', header: t('audit:sealed'), width: '110px', optional: true, cell: (event) => (event.sealed ? t('audit:sealed') : t('audit:notSealed')) },
  ];
  return (
    <Page flush title={t('audit:title')} actions={<Button variant="filled" loading={verify.isPending} onClick={() => verify.mutate()}>{t('audit:verify')}</Button>}>
      <div style={{ padding: '0 16px' }}>
        <ProblemNotice problem={verify.error} />
        {verify.data && <Verdict verdict={verify.data} />}
      </div>
      <div className="with-panel">
        <DataTable
          id="audit" label={t('audit:title')} columns={columns} source={source} rowKey={(event) => event.id} openKey={url.open ?? null}
          onPeek={(event) => setUrl({ open: event.id })}
          tools={<TextInput size="xs" w={240} aria-label={t('audit:actionFilter')} placeholder={t('audit:actionFilter')} defaultValue={url.action ?? ''} onChange={(event) => filter(event.currentTarget.value)} />}
          empty={<EmptyState title={t('audit:emptyTitle')}>{t('audit:emptyHint')}</EmptyState>}
        />
        {open ? <EventPanel event={open} onClose={() => setUrl({ open: undefined })} /> : <Checkpoints />}
      </div>
    </Page>
  );
}

function Verdict({ verdict }: { verdict: Verification }) {
  const { t, i18n } = useTranslation();
  if (verdict.ok) {
    return (
      <p role="status" data-verdict="ok">
        <StateMark state="done" label={t('audit:verifyOk', { events: formatCount(verdict.events, i18n.language), checkpoints: formatCount(verdict.checkpoints, i18n.language) })} />
      </p>
    );
  }
  return (
    <div className="notice danger stack tight" role="alert" data-verdict="broken">
      <strong>{t('audit:verifyBad', { count: verdict.problems.length })}</strong>
      {verdict.problems.map((problem, index) => <span key={index}>{problem}</span>)}
    </div>
  );
}

function EventPanel({ event, onClose }: { event: AuditEvent; onClose: () => void }) {
  const { t, i18n } = useTranslation();
  return (
    <SidePanel title={event.action} onClose={onClose}>
      <Facts
        rows={[
          [t('audit:when'), formatTime(event.recorded_at, i18n.language)], [t('audit:who'), event.actor?.name ?? '–'], [t('audit:object'), event.object ? `${event.object.kind} ${event.object.label}` : '–'],
          [t('audit:subject'), <code key="s">{event.subject_pseudonym ?? '–'}</code>], [t('audit:outcome'), <StateMark key="o" state={event.outcome} />], [t('audit:source'), event.source || '–'],
          [t('audit:request'), <code key="r">{event.request_id}</code>], [t('audit:sealed'), event.sealed ? t('audit:sealed') : t('audit:notSealed')],
        ]}
      />
    </SidePanel>
  );
}

function Checkpoints() {
  const { t, i18n } = useTranslation();
  const checkpoints = useApi<ListPage<Checkpoint>>('/api/v1/audit/checkpoints');
  return (
    <aside className="side-panel ambient stack" aria-label={t('audit:checkpoints')} tabIndex={0}>
      <h2>{t('audit:checkpoints')}</h2>
      <ProblemNotice problem={checkpoints.error} />
      {checkpoints.data?.results.length === 0 && <p className="dim">{t('audit:noCheckpoints')}</p>}
      {checkpoints.data?.results.slice(0, 50).map((checkpoint) => (
        <div key={checkpoint.number} className="stack tight hair-top">
          <div className="row between"><strong>#{checkpoint.number}</strong><span className="dim">{formatTime(checkpoint.sealed_at, i18n.language)}</span></div>
          <span className="dim">{t('audit:size')}: {formatCount(checkpoint.size, i18n.language)}</span>
          <code className="clip" title={checkpoint.root}>{checkpoint.root}</code>
        </div>
      ))}
    </aside>
  );
}
