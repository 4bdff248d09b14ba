import { Button, Checkbox, Textarea, TextInput } from '@mantine/core';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { apiUrl } from '../../api/client';
import type { DatasetMember, DatasetVersion, Export, Page as ListPage, Release } from '../../api/contract';
import { useAct, useApi, useKeysetList } from '../../api/hooks';
import { useTenantSlug } from '../../api/session';
import { DataTable, type Column } from '../../ui/DataTable';
import { formatBytes, formatTime } from '../../ui/format';
import { EmptyState, Loaded, ProblemNotice } from '../../ui/Messages';
import { Facts, Page } from '../../ui/Page';
import { StateMark } from '../../ui/StateMark';

const FORMATS = ['nifti', 'dicom-seg'] as const;

/** One immutable version: what is in it, in which formats it exists, and making a release of it. */
export function VersionPage() {
  const { t, i18n } = useTranslation();
  const tenant = useTenantSlug();
  const { digest = '' } = useParams({ strict: false }) as { digest?: string };
  const path = `/api/v1/dataset-versions/${digest}`;
  const version = useApi<DatasetVersion>(path);
  const exports = useApi<ListPage<Export>>(`${path}/exports`, undefined, { refetchInterval: 4000 });
  return (
    <Loaded value={version.data} problem={version.error} onRetry={() => void version.refetch()}>
      {(value) => (
        <Page title={t('datasets:version', { digest: value.digest.replace(/^sha256:/, '').slice(0, 12) })}>
          <div className="columns" style={{ gridTemplateColumns: 'repeat(auto-fit, minmax(420px, 1fr))' }}>
            <section className="stack">
              <Facts
                rows={[
                  [t('datasets:digest'), <code key="d">{value.digest}</code>],
                  [t('datasets:message'), value.message || '–'],
                  [t('datasets:created'), formatTime(value.created_at, i18n.language)],
                  [t('datasets:cases'), value.member_count],
                  [t('datasets:subjects'), value.subject_count],
                  [t('datasets:splits'), `${value.splits.train} / ${value.splits.validation} / ${value.splits.test}`],
                  [t('datasets:manifest'), <a key="m" href={apiUrl(`${path}/manifest`, tenant)} download>{t('datasets:manifest')}</a>],
                ]}
              />
              <Exports path={path} exports={exports.data?.results ?? []} />
            </section>
            <MakeRelease path={path} exports={(exports.data?.results ?? []).filter((entry) => entry.state === 'ready')} />
          </div>
          <section className="stack" style={{ height: 360, marginTop: 16 }}>
            <h2>{t('datasets:members')}</h2>
            <Members path={path} />
          </section>
        </Page>
      )}
    </Loaded>
  );
}

function Exports({ path, exports }: { path: string; exports: Export[] }) {
  const { t, i18n } = useTranslation();
  const make = useAct<string>((format) => ({ path: `${path}/exports`, body: { format, options: {} } }), [path, '/api/v1/jobs']);
  return (
    <>
      <h2>{t('datasets:exports')}</h2>
      {exports.length === 0 && <p className="dim">{t('datasets:noExports')}</p>}
      {exports.length > 0 && (
        <table className="plain">
          <thead>
            <tr>
              <th scope="col">{t('datasets:format')}</th><th scope="col">{t('datasets:state')}</th>
              <th scope="col" className="num">{t('datasets:files')}</th><th scope="col" className="num">{t('datasets:size')}</th>
            </tr>
          </thead>
          <tbody>
            {exports.map((entry) => (
              <tr key={entry.id}>
                <td>{t(`datasets:formats.${entry.format}`)}</td><td><StateMark state={entry.state} /></td>
                <td className="num">{entry.artifact_count}</td><td className="num">{formatBytes(entry.bytes, i18n.language)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <ProblemNotice problem={make.error} />
      <div className="row wrap">
        {FORMATS.map((format) => (
          <Button key={format} loading={make.isPending && make.variables === format} onClick={() => make.mutate(format)}>
            {t('datasets:export', { format: t(`datasets:formats.${format}`) })}
          </Button>
        ))}
      </div>
    </>
  );
}

function MakeRelease({ path, exports }: { path: string; exports: Export[] }) {
  const { t } = useTranslation();
  const tenant = useTenantSlug();
  const navigate = useNavigate();
  const { dataset = '' } = useParams({ strict: false }) as { dataset?: string };
  const [name, setName] = useState('');
  const [terms, setTerms] = useState('');
  const [left, setLeft] = useState<string[]>([]);
  const chosen = exports.filter((entry) => !left.includes(entry.id));
  const make = useAct<void, Release>(
    () => ({ path: `${path}/releases`, body: { name, terms, exports: chosen.map((entry) => entry.id) } }),
    ['/api/v1/datasets', '/api/v1/releases'],
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate(undefined, { onSuccess: () => void navigate({ to: `/t/${tenant}/datasets/${dataset}` }) });
  };
  return (
    <form className="stack" onSubmit={submit}>
      <h2>{t('datasets:release')}</h2>
      <TextInput label={t('datasets:releaseName')} description={t('datasets:releaseNameHint')} required value={name} onChange={(event) => setName(event.currentTarget.value)} />
      <Textarea label={t('datasets:terms')} required autosize minRows={4} value={terms} onChange={(event) => setTerms(event.currentTarget.value)} />
      <fieldset style={{ border: 0, margin: 0, padding: 0 }} className="stack tight">
        <legend>{t('datasets:chooseExports')}</legend>
        {exports.length === 0 && <p className="dim">{t('datasets:noExports')}</p>}
        {exports.map((entry) => (
          <Checkbox
            key={entry.id} size="xs" label={t(`datasets:formats.${entry.format}`)} checked={!left.includes(entry.id)}
            onChange={(event) => setLeft(event.currentTarget.checked ? left.filter((id) => id !== entry.id) : [...left, entry.id])}
          />
        ))}
      </fieldset>
      <ProblemNotice problem={make.error} />
      <div><Button type="submit" variant="filled" disabled={chosen.length === 0} loading={make.isPending}>{t('datasets:makeRelease')}</Button></div>
    </form>
  );
}

function Members({ path }: { path: string }) {
  const { t } = useTranslation();
  const source = useKeysetList<DatasetMember>(`${path}/members`);
  const columns: Column<DatasetMember>[] = [
    { key: 'case', header: t('datasets:case'), width: 'minmax(140px, 2fr)', cell: (row) => row.case },
    { key: 'split', header: t('datasets:split'), width: '140px', cell: (row) => row.split },
    { key: 'leaf', header: t('datasets:leaf'), width: 'minmax(200px, 3fr)', cell: (row) => <code title={row.leaf_hash}>{row.leaf_hash}</code> },
  ];
  return <DataTable id="members" label={t('datasets:members')} columns={columns} source={source} rowKey={(row) => row.case_id} empty={<EmptyState title={t('datasets:noMembers')} />} />;
}
