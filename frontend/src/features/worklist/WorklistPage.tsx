import { Button } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { WorklistPage as WorklistAnswer, WorklistRow } from '../../api/contract';
import { useAct, useKeysetList } from '../../api/hooks';
import { useTenantSlug } from '../../api/session';
import { DataTable, type Column } from '../../ui/DataTable';
import { FilterChips } from '../../ui/Filters';
import { formatTime } from '../../ui/format';
import { EmptyState, ProblemNotice } from '../../ui/Messages';
import { Facts, Page, SidePanel } from '../../ui/Page';
import { StateMark } from '../../ui/StateMark';
import { useUrlState } from '../../ui/urlState';

/** The reader's home: one key takes the next case, a row shows the rest. */
export function WorklistPage() {
  const { t, i18n } = useTranslation();
  const tenant = useTenantSlug();
  const navigate = useNavigate();
  const [url, setUrl] = useUrlState();
  const source = useKeysetList<WorklistRow, WorklistAnswer>('/api/v1/worklist', { state: url.state, project: url.project });
  const openRead = ({ read_id }: { read_id: string }) => void navigate({ to: `/t/${tenant}/read/${read_id}` });
  const claimNext = useAct<void, { read_id: string }>(
    () => ({ path: '/api/v1/worklist/claim-next', body: url.project ? { project: url.project } : {}, idempotencyKey: crypto.randomUUID() }),
    ['/api/v1/worklist'],
  );
  const claim = useAct<string, { read_id: string }>((taskId) => ({ path: `/api/v1/tasks/${taskId}/claim` }), ['/api/v1/worklist']);
  const takeNext = () => claimNext.mutate(undefined, { onSuccess: openRead });
  const open = (row: WorklistRow) => {
    if (row.read_id) openRead({ read_id: row.read_id });
    else if (row.state === 'open') claim.mutate(row.task_id, { onSuccess: openRead });
  };
  useHotkeys([['N', takeNext]]);

  const columns: Column<WorklistRow>[] = [
    { key: 'case', header: t('worklist:case'), width: 'minmax(140px, 2fr)', cell: (row) => row.case.label },
    {
      key: 'project',
      header: t('worklist:project'),
      width: 'minmax(120px, 2fr)',
      cell: (row) => (
        <span className="row">
          <i className="swatch" style={{ background: row.project.colour }} aria-hidden />
          <span className="clip">{row.project.name}</span>
        </span>
      ),
    },
    { key: 'stage', header: t('worklist:stage'), cell: (row) => t(`worklist:kind.${row.stage.kind}`) },
    { key: 'state', header: t('worklist:state'), width: '130px', cell: (row) => <StateMark state={row.state} /> },
    { key: 'modality', header: t('worklist:modality'), width: '90px', cell: (row) => row.modality },
    { key: 'images', header: t('worklist:images'), width: '80px', numeric: true, cell: (row) => row.instance_count },
    { key: 'priority', header: t('worklist:priority'), width: '80px', numeric: true, optional: true, cell: (row) => row.priority },
    { key: 'due', header: t('worklist:due'), width: '200px', optional: true, cell: (row) => formatTime(row.due_at, i18n.language) },
  ];
  const peeked = source.rows.find((row) => row.task_id === url.open);
  const counts = source.head?.counts;
  return (
    <Page
      flush
      title={t('worklist:title')}
      actions={
        <Button variant="filled" onClick={takeNext} loading={claimNext.isPending} rightSection={<kbd>N</kbd>} data-act="claim-next">
          {t('worklist:next')}
        </Button>
      }
    >
      {(claimNext.error ?? claim.error) && (
        <div style={{ padding: '0 16px 8px' }}>
          <ProblemNotice problem={claimNext.error ?? claim.error} />
        </div>
      )}
      <div className="with-panel">
        <DataTable
          id="worklist"
          label={t('worklist:title')}
          columns={columns}
          source={source}
          rowKey={(row) => row.task_id}
          openKey={url.open ?? null}
          onPeek={(row) => setUrl({ open: row.task_id })}
          onOpen={open}
          tools={
            <FilterChips
              name="state"
              options={[
                { value: 'open', label: t('worklist:open'), count: counts?.open },
                { value: 'claimed', label: t('worklist:claimed'), count: counts?.claimed },
                { value: 'submitted', label: t('worklist:submitted'), count: counts?.submitted_today },
              ]}
            />
          }
          empty={<EmptyState title={t('worklist:emptyTitle')}>{t('worklist:emptyHint')}</EmptyState>}
        />
        {peeked && (
          <SidePanel title={peeked.case.label} onClose={() => setUrl({ open: undefined })}>
            <Facts
              rows={[
                [t('worklist:project'), peeked.project.name],
                [t('worklist:stage'), t(`worklist:kind.${peeked.stage.kind}`)],
                [t('worklist:state'), <StateMark key="state" state={peeked.state} />],
                [t('worklist:modality'), peeked.modality],
                [t('worklist:images'), peeked.instance_count],
                [t('worklist:due'), formatTime(peeked.due_at, i18n.language) || '–'],
                [t('worklist:lease'), formatTime(peeked.lease_until, i18n.language) || '–'],
              ]}
            />
            {peeked.state !== 'submitted' && (
              <div>
                <Button variant="filled" onClick={() => open(peeked)} loading={claim.isPending}>
                  {peeked.read_id ? t('worklist:go') : t('worklist:take')}
                </Button>
              </div>
            )}
          </SidePanel>
        )}
      </div>
    </Page>
  );
}
