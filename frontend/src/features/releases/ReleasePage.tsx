import { Button, CopyButton } from '@mantine/core';
import { useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Artifact, ReleaseDetail } from '../../api/contract';
import { useApi, useKeysetList } from '../../api/hooks';
import { DataTable, type Column } from '../../ui/DataTable';
import { formatBytes, formatTime } from '../../ui/format';
import { EmptyState, Loaded } from '../../ui/Messages';
import { Facts, Page } from '../../ui/Page';

/** One release as a plain page: what, how read, terms, one command, and the manifest to browse. */
export function ReleasePage() {
  const { t, i18n } = useTranslation();
  const { dataset = '', release = '' } = useParams({ strict: false }) as { dataset?: string; release?: string };
  const path = `/api/v1/releases/${dataset}/${release}`;
  const answer = useApi<ReleaseDetail>(path);
  return (
    <Loaded value={answer.data} problem={answer.error} onRetry={() => void answer.refetch()}>
      {(value) => (
        <Page title={`${value.dataset_name} ${value.name}`}>
          <div className="stack" style={{ gap: 24 }}>
            <section className="stack tight">
              <h2>{t('releases:pull')}</h2>
              <div className="command-line">
                <code className="grow">{value.pull_command}</code>
                <CopyButton value={value.pull_command}>{({ copied, copy }) => <Button onClick={copy}>{copied ? t('ui:copied') : t('ui:copy')}</Button>}</CopyButton>
              </div>
              <span className="dim">{t('releases:pullHint')}</span>
            </section>
            <div className="columns">
              <section className="stack tight">
                <h2>{t('releases:what')}</h2>
                <Facts
                  rows={[
                    [t('releases:cases'), value.what.cases], [t('releases:subjects'), value.what.subjects], [t('releases:modalities'), value.what.modalities.join(', ')],
                    [t('releases:classes'), value.what.classes.map((entry) => entry.name).join(', ')], [t('releases:files'), value.file_count],
                    [t('releases:size'), formatBytes(value.bytes, i18n.language)], [t('releases:published'), formatTime(value.published_at, i18n.language)],
                    [t('releases:digest'), <code key="d">{value.version_digest}</code>],
                  ]}
                />
              </section>
              <section className="stack tight">
                <h2>{t('releases:how')}</h2>
                <Facts
                  rows={[
                    [t('releases:readers'), value.how_read.readers], [t('releases:blinded'), value.how_read.blinded ? t('releases:yes') : t('releases:no')],
                    [t('releases:byConsensus'), value.how_read.by_consensus], [t('releases:byAdjudication'), value.how_read.by_adjudication],
                  ]}
                />
                <h2 style={{ marginTop: 12 }}>{t('releases:terms')}</h2>
                <p style={{ whiteSpace: 'pre-wrap' }}>{value.terms}</p>
              </section>
            </div>
            <section className="stack" style={{ height: 420 }}>
              <h2>{t('releases:files')}</h2>
              <Files path={path} />
            </section>
          </div>
        </Page>
      )}
    </Loaded>
  );
}

function Files({ path }: { path: string }) {
  const { t, i18n } = useTranslation();
  const source = useKeysetList<Artifact>(`${path}/artifacts`);
  const columns: Column<Artifact>[] = [
    { key: 'path', header: t('releases:path'), width: 'minmax(220px, 3fr)', cell: (row) => <span className="mono" title={row.path}>{row.path}</span> },
    { key: 'format', header: t('releases:format'), width: '110px', cell: (row) => t(`releases:formats.${row.format}`, { defaultValue: row.format }) },
    { key: 'size', header: t('releases:size'), width: '100px', numeric: true, cell: (row) => formatBytes(row.size, i18n.language) },
    { key: 'sha', header: t('releases:sha'), width: 'minmax(160px, 2fr)', cell: (row) => <code title={row.sha256}>{row.sha256}</code> },
    { key: 'get', header: t('ui:actions'), hideHeader: true, width: '120px', cell: (row) => <a href={row.url} download={row.path.split('/').at(-1)}>{t('releases:download')}</a> },
  ];
  return <DataTable id="artifacts" label={t('releases:files')} columns={columns} source={source} rowKey={(row) => row.id} empty={<EmptyState title={t('releases:noFiles')} />} />;
}
