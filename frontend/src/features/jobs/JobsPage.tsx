import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Job } from '../../api/contract';
import { useAct, useKeysetList } from '../../api/hooks';
import { DataTable, type Column } from '../../ui/DataTable';
import { FilterChips } from '../../ui/Filters';
import { formatCount, formatDuration, formatTime } from '../../ui/format';
import { EmptyState, ProblemNotice } from '../../ui/Messages';
import { Facts, Page, ProgressBar, SidePanel } from '../../ui/Page';
import { StateMark } from '../../ui/StateMark';
import { useUrlState } from '../../ui/urlState';

const STATES = ['queued', 'running', 'done', 'failed', 'cancelled'] as const;

/** Background work, live: what runs, how far, what failed and what to do about it. */
export function JobsPage() {
  const { t, i18n } = useTranslation();
  const [url, setUrl] = useUrlState();
  const source = useKeysetList<Job>('/api/v1/jobs', { state: url.state });
  const open = source.rows.find((job) => job.id === url.open);
  const columns: Column<Job>[] = [
    { key: 'title', header: t('jobs:job'), width: 'minmax(180px, 2fr)', cell: (job) => <span title={job.title}>{job.title || job.name}</span> },
    { key: 'state', header: t('jobs:state'), width: '140px', cell: (job) => <StateMark state={job.state} /> },
    { key: 'progress', header: t('jobs:progress'), width: 'minmax(160px, 1.5fr)', cell: (job) => <Progress job={job} /> },
    { key: 'about', header: t('jobs:about'), width: 'minmax(120px, 1.5fr)', optional: true, cell: aboutWhat },
    { key: 'created', header: t('jobs:created'), width: '200px', cell: (job) => formatTime(job.created_at, i18n.language) },
    { key: 'took', header: t('jobs:took'), width: '90px', numeric: true, optional: true, cell: took },
  ];
  return (
    <Page flush title={t('jobs:title')}>
      <div className="with-panel">
        <DataTable
          id="jobs" label={t('jobs:title')} columns={columns} source={source} rowKey={(job) => job.id} openKey={url.open ?? null}
          onPeek={(job) => setUrl({ open: job.id })}
          tools={<FilterChips name="state" options={STATES.map((state) => ({ value: state, label: t(`ui:state.${state}`) }))} />}
          empty={<EmptyState title={t('jobs:emptyTitle')}>{t('jobs:emptyHint')}</EmptyState>}
        />
        {open && <JobPanel job={open} onClose={() => setUrl({ open: undefined })} />}
      </div>
    </Page>
  );
}

/** The kind of thing a job works on; its id is the thing's own address, not for reading. */
function aboutWhat(job: Job): string {
  return job.subject?.kind ?? '';
}

function took(job: Job): string {
  if (!job.started_at) return '';
  const end = job.finished_at ? Date.parse(job.finished_at) : Date.now();
  return formatDuration((end - Date.parse(job.started_at)) / 1000);
}

function Progress({ job }: { job: Job }) {
  const { i18n } = useTranslation();
  if (!job.progress || job.state === 'done') return null;
  const { done, total, unit } = job.progress;
  const words = `${formatCount(done, i18n.language)}${total ? ` / ${formatCount(total, i18n.language)}` : ''} ${unit}`;
  return (
    <span className="row">
      <span className="grow"><ProgressBar done={done} total={total} label={words} /></span>
      <span className="dim">{words}</span>
    </span>
  );
}

function JobPanel({ job, onClose }: { job: Job; onClose: () => void }) {
  const { t, i18n } = useTranslation();
  const act = useAct<'cancel' | 'retry'>((verb) => ({ path: `/api/v1/jobs/${job.id}/${verb}` }), ['/api/v1/jobs']);
  return (
    <SidePanel title={job.title || job.name} onClose={onClose}>
      <Facts
        rows={[
          [t('jobs:state'), <StateMark key="s" state={job.state} />], [t('jobs:progress'), <Progress key="p" job={job} />], [t('jobs:about'), aboutWhat(job) || '–'],
          [t('jobs:attempts'), job.attempts], [t('jobs:created'), formatTime(job.created_at, i18n.language)], [t('jobs:finished'), formatTime(job.finished_at, i18n.language) || '–'],
        ]}
      />
      {job.progress?.message && <p className="dim">{job.progress.message}</p>}
      {job.error && (
        <div className="notice danger stack tight">
          <strong>{t('jobs:error')}: {job.error.detail || job.error.code}</strong>
          <span className="dim">{job.error.remedy}</span>
        </div>
      )}
      <ProblemNotice problem={act.error} />
      <div className="row">
        {job.can_cancel && <Button onClick={() => act.mutate('cancel')}>{t('jobs:cancel')}</Button>}
        {job.can_retry && <Button variant="filled" onClick={() => act.mutate('retry')}>{t('jobs:retry')}</Button>}
      </div>
    </SidePanel>
  );
}
