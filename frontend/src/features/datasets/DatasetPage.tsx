import { Button, TextInput } from '@mantine/core';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { Dataset, DatasetVersion, Job, Page as ListPage, Release } from '../../api/contract';
import { useAct, useApi, useKeysetList } from '../../api/hooks';
import { useTenantSlug } from '../../api/session';
import { DataTable, type Column } from '../../ui/DataTable';
import { formatTime } from '../../ui/format';
import { EmptyState, Loaded, ProblemNotice } from '../../ui/Messages';
import { Page } from '../../ui/Page';
import { ReleaseCard } from './ReleaseCard';

export const shortDigest = (digest: string) => digest.replace(/^sha256:/, '').slice(0, 12);

/** One dataset: its versions and its releases. */
export function DatasetPage() {
  const { t } = useTranslation();
  const { dataset: slug = '' } = useParams({ strict: false }) as { dataset?: string };
  const dataset = useApi<Dataset>(`/api/v1/datasets/${slug}`);
  const releases = useApi<ListPage<Release>>(`/api/v1/datasets/${slug}/releases`);
  return (
    <Loaded value={dataset.data} problem={dataset.error} onRetry={() => void dataset.refetch()}>
      {(value) => (
        <Page flush title={value.name}>
          <div className="page-body flush">
            <p className="dim" style={{ padding: '0 16px 8px' }}>{value.description}</p>
            <Versions slug={slug} />
            <section className="stack hair-top" style={{ padding: 16, maxHeight: '45%', overflow: 'auto' }}>
              <h2>{t('datasets:releases')}</h2>
              {releases.data?.results.length === 0 && <p className="dim">{t('datasets:noReleases')}</p>}
              {releases.data?.results.map((release) => <ReleaseCard key={release.id} release={release} />)}
              <ProblemNotice problem={releases.error} />
            </section>
          </div>
        </Page>
      )}
    </Loaded>
  );
}

function Versions({ slug }: { slug: string }) {
  const { t, i18n } = useTranslation();
  const tenant = useTenantSlug();
  const navigate = useNavigate();
  const [message, setMessage] = useState('');
  const path = `/api/v1/datasets/${slug}/versions`;
  const source = useKeysetList<DatasetVersion>(path);
  const make = useAct<void, Job>(() => ({ path, body: { message }, idempotencyKey: crypto.randomUUID() }), ['/api/v1/datasets', '/api/v1/jobs']);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate(undefined, { onSuccess: () => setMessage('') });
  };
  const columns: Column<DatasetVersion>[] = [
    { key: 'digest', header: t('datasets:digest'), width: '140px', cell: (row) => <code title={row.digest}>{shortDigest(row.digest)}</code> },
    { key: 'message', header: t('datasets:message'), width: 'minmax(160px, 3fr)', cell: (row) => row.message },
    { key: 'cases', header: t('datasets:cases'), width: '80px', numeric: true, cell: (row) => row.member_count },
    { key: 'subjects', header: t('datasets:subjects'), width: '90px', numeric: true, cell: (row) => row.subject_count },
    { key: 'splits', header: t('datasets:splits'), width: '190px', numeric: true, cell: (row) => `${row.splits.train} / ${row.splits.validation} / ${row.splits.test}` },
    { key: 'releases', header: t('datasets:releases'), width: '140px', cell: (row) => row.releases.join(', ') },
    { key: 'created', header: t('datasets:created'), width: '200px', optional: true, cell: (row) => formatTime(row.created_at, i18n.language) },
  ];
  return (
    <>
      <form className="row wrap" style={{ padding: '0 16px 12px', alignItems: 'flex-end' }} onSubmit={submit}>
        <TextInput size="xs" w={320} label={t('datasets:messageHint')} value={message} onChange={(event) => setMessage(event.currentTarget.value)} />
        <Button type="submit" variant="filled" loading={make.isPending}>{t('datasets:makeVersion')}</Button>
        {make.isSuccess && <span className="dim" role="status">{t('datasets:making')}</span>}
      </form>
      <div style={{ padding: '0 16px' }}><ProblemNotice problem={make.error} /></div>
      <DataTable
        id="versions" label={t('datasets:versions')} columns={columns} source={source} rowKey={(row) => row.digest}
        onOpen={(row) => void navigate({ to: `/t/${tenant}/datasets/${slug}/versions/${row.digest}` })}
        empty={<EmptyState title={t('datasets:noVersions')}>{t('datasets:noVersionsHint')}</EmptyState>}
      />
    </>
  );
}
