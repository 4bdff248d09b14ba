import { Button } from '@mantine/core';
import { Link, useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { StudyRow } from '../../api/contract';
import { useKeysetList } from '../../api/hooks';
import { useProjectChoice } from '../../api/projects';
import { useTenantSlug } from '../../api/session';
import { DataTable, type Column } from '../../ui/DataTable';
import { SearchFilter } from '../../ui/Filters';
import { formatDicomDate, formatTime } from '../../ui/format';
import { EmptyState } from '../../ui/Messages';
import { Facts, Page, SidePanel } from '../../ui/Page';
import { ProjectPicker } from '../../ui/ProjectPicker';
import { StateMark } from '../../ui/StateMark';
import { useUrlState } from '../../ui/urlState';

/** The admitted studies of one project. */
export function StudiesPage() {
  const { t, i18n } = useTranslation();
  const tenant = useTenantSlug();
  const navigate = useNavigate();
  const [url, setUrl] = useUrlState();
  const { projects, project, remember } = useProjectChoice(url.project);
  const source = useKeysetList<StudyRow>(project ? `/api/v1/projects/${project.slug}/studies` : null, { search: url.search });
  const open = (row: StudyRow) => void navigate({ to: `/t/${tenant}/studies/${row.id}` });
  const columns: Column<StudyRow>[] = [
    { key: 'subject', header: t('studies:subject'), width: 'minmax(140px, 1.5fr)', cell: (row) => <span className="mono">{row.subject.pseudonym}</span> },
    { key: 'date', header: t('studies:date'), width: '130px', cell: (row) => formatDicomDate(row.study_date, i18n.language) },
    { key: 'description', header: t('studies:description'), width: 'minmax(160px, 3fr)', cell: (row) => <span title={row.description}>{row.description}</span> },
    { key: 'modalities', header: t('studies:modalities'), width: '110px', cell: (row) => row.modalities.join(', ') },
    { key: 'series', header: t('studies:series'), width: '80px', numeric: true, cell: (row) => row.series_count },
    { key: 'images', header: t('studies:images'), width: '80px', numeric: true, cell: (row) => row.instance_count },
    { key: 'quality', header: t('studies:quality'), width: '120px', cell: (row) => <StateMark state={row.quality.worst} /> },
    { key: 'created', header: t('studies:created'), width: '200px', optional: true, cell: (row) => formatTime(row.created_at, i18n.language) },
  ];
  const peeked = source.rows.find((row) => row.id === url.open);
  if (projects?.length === 0) return <EmptyState title={t('studies:noProject')} />;
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
    <Page flush title={t('studies:title')} actions={picker}>
      <div className="with-panel">
        <DataTable
          id="studies" label={t('studies:title')} columns={columns} source={source} rowKey={(row) => row.id} openKey={url.open ?? null}
          onPeek={(row) => setUrl({ open: row.id })} onOpen={open} tools={<SearchFilter label={t('ui:search')} />}
          empty={
            <EmptyState title={t('studies:emptyTitle')} action={project && <Link to={`/t/${tenant}/projects/${project.slug}/intake`}>{t('studies:goIntake')}</Link>}>
              {t('studies:emptyHint')}
            </EmptyState>
          }
        />
        {peeked && (
          <SidePanel title={peeked.subject.pseudonym} onClose={() => setUrl({ open: undefined })}>
            <Facts
              rows={[
                [t('studies:description'), peeked.description],
                [t('studies:date'), formatDicomDate(peeked.study_date, i18n.language)],
                [t('studies:modalities'), peeked.modalities.join(', ')],
                [t('studies:series'), peeked.series_count],
                [t('studies:images'), peeked.instance_count],
                [t('studies:quality'), <span key="q" className="row"><StateMark state={peeked.quality.worst} />{t('studies:findings', { count: peeked.quality.count })}</span>],
                [t('studies:uid'), <code key="u">{peeked.study_instance_uid}</code>],
              ]}
            />
            <div><Button variant="filled" onClick={() => open(peeked)}>{t('studies:open')}</Button></div>
          </SidePanel>
        )}
      </div>
    </Page>
  );
}
