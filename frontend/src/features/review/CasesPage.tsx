import { Button } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { CaseRow, CaseState } from '../../api/contract';
import { useKeysetList } from '../../api/hooks';
import { useProjectChoice } from '../../api/projects';
import { useTenantSlug } from '../../api/session';
import { DataTable, type Column } from '../../ui/DataTable';
import { FilterChips } from '../../ui/Filters';
import { formatNumber, formatTime } from '../../ui/format';
import { EmptyState } from '../../ui/Messages';
import { Facts, Page, SidePanel } from '../../ui/Page';
import { ProjectPicker } from '../../ui/ProjectPicker';
import { StateMark } from '../../ui/StateMark';
import { useUrlState } from '../../ui/urlState';

const STATES: CaseState[] = ['waiting', 'reading', 'discordant', 'adjudicating', 'settled', 'flagged'];

/** Every case of a project: how many reads, how well they agree, what it came to. */
export function CasesPage() {
  const { t, i18n } = useTranslation();
  const tenant = useTenantSlug();
  const navigate = useNavigate();
  const [url, setUrl] = useUrlState();
  const { projects, project, remember } = useProjectChoice(url.project);
  const source = useKeysetList<CaseRow>(project ? `/api/v1/projects/${project.slug}/cases` : null, { state: url.state });
  const open = (row: CaseRow) => void navigate({ to: `/t/${tenant}/cases/${row.id}` });
  const agreementOf = (row: CaseRow) =>
    row.agreement?.worst == null
      ? '–'
      : `${formatNumber(row.agreement.worst, i18n.language)} / ${formatNumber(row.agreement.limit, i18n.language)}`;
  const columns: Column<CaseRow>[] = [
    { key: 'case', header: t('review:case'), width: 'minmax(140px, 2fr)', cell: (row) => row.label },
    { key: 'subject', header: t('review:subject'), width: 'minmax(140px, 1.5fr)', cell: (row) => <span className="mono">{row.subject.pseudonym}</span> },
    { key: 'state', header: t('review:state'), width: '150px', cell: (row) => <StateMark state={row.state} /> },
    { key: 'reads', header: t('review:reads'), width: '80px', numeric: true, cell: (row) => `${row.reads_signed} / ${row.reads_wanted}` },
    { key: 'agreement', header: t('review:agreement'), width: '170px', numeric: true, cell: agreementOf },
    { key: 'standard', header: t('review:standard'), width: '160px', cell: (row) => (row.reference_standard ? t(`review:how.${row.reference_standard.how}`) : '') },
    { key: 'updated', header: t('review:updated'), width: '200px', optional: true, cell: (row) => formatTime(row.updated_at, i18n.language) },
  ];
  const peeked = source.rows.find((row) => row.id === url.open);
  if (projects?.length === 0) return <EmptyState title={t('review:noProject')} />;
  const picker = projects && (
    <ProjectPicker
      projects={projects} current={project}
      onPick={(slug) => {
        remember(slug);
        setUrl({ project: slug, open: undefined });
      }}
    />
  );
  return (
    <Page flush title={t('review:title')} actions={picker}>
      <div className="with-panel">
        <DataTable
          id="cases" label={t('review:title')} columns={columns} source={source} rowKey={(row) => row.id} openKey={url.open ?? null}
          onPeek={(row) => setUrl({ open: row.id })} onOpen={open}
          tools={<FilterChips name="state" options={STATES.map((state) => ({ value: state, label: t(`ui:state.${state}`) }))} />}
          empty={<EmptyState title={t('review:emptyTitle')}>{t('review:emptyHint')}</EmptyState>}
        />
        {peeked && (
          <SidePanel title={peeked.label} onClose={() => setUrl({ open: undefined })}>
            <Facts
              rows={[
                [t('review:state'), <StateMark key="s" state={peeked.state} />],
                [t('review:reads'), `${peeked.reads_signed} / ${peeked.reads_wanted}`],
                [t('review:agreement'), agreementOf(peeked)],
                [t('review:standard'), peeked.reference_standard ? t(`review:how.${peeked.reference_standard.how}`) : t('review:noStandard')],
              ]}
            />
            <div><Button variant="filled" onClick={() => open(peeked)}>{t('review:open')}</Button></div>
          </SidePanel>
        )}
      </div>
    </Page>
  );
}
