import { useNavigate, useParams } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Delivery } from '../../api/contract';
import { useKeysetList } from '../../api/hooks';
import { useTenantSlug } from '../../api/session';
import { DataTable, type Column } from '../../ui/DataTable';
import { formatTime } from '../../ui/format';
import { EmptyState } from '../../ui/Messages';
import { StateMark } from '../../ui/StateMark';
import { useStore } from '../../ui/store';
import { DropZone } from './DropZone';
import { deliveryName, type PickedFile } from './picked';
import { Uploader } from './uploader';
import { UploadProgress } from './UploadProgress';

/** Bringing studies into a project, and what became of every delivery. */
export function IntakePage() {
  const { t, i18n } = useTranslation();
  const tenant = useTenantSlug();
  const { project = '' } = useParams({ strict: false }) as { project?: string };
  const navigate = useNavigate();
  const [uploader] = useState(() => new Uploader(tenant));
  const source = useKeysetList<Delivery>(`/api/v1/projects/${project}/deliveries`);
  const phase = useStore(uploader.store, (state) => state.phase);
  const { reload } = source;
  useEffect(() => {
    if (phase === 'done') reload();
  }, [phase]);
  const begin = (files: PickedFile[]) => {
    if (files.length > 0) void uploader.start(project, deliveryName(files, new Date()), files);
  };
  const count = (name: 'admitted' | 'held' | 'refused' | 'duplicate', width = '100px'): Column<Delivery> => ({
    key: name, header: t(`intake:${name}`), width, numeric: true, cell: (row) => row.by_state[name] ?? 0,
  });
  const columns: Column<Delivery>[] = [
    { key: 'name', header: t('intake:name'), width: 'minmax(200px, 3fr)', cell: (row) => <span title={row.name}>{row.name}</span> },
    { key: 'state', header: t('intake:state'), width: '130px', cell: (row) => <StateMark state={row.state} /> },
    { key: 'received', header: t('intake:received'), width: '120px', numeric: true, cell: (row) => (row.files_expected ? `${row.files_received} / ${row.files_expected}` : row.files_received) },
    count('admitted'), count('held'), count('refused'), count('duplicate'),
    { key: 'created', header: t('intake:created'), width: '200px', optional: true, cell: (row) => formatTime(row.created_at, i18n.language) },
    { key: 'by', header: t('intake:by'), width: '140px', optional: true, cell: (row) => row.created_by?.name ?? '' },
  ];
  const busy = phase !== 'idle' && phase !== 'done' && phase !== 'failed';
  return (
    <div className="page-body flush" style={{ paddingTop: 12 }}>
      <div className="stack" style={{ padding: '0 16px 12px' }}>
        {!busy && <DropZone onPicked={begin} />}
        <UploadProgress uploader={uploader} />
      </div>
      <DataTable
        id="deliveries" label={t('intake:deliveries')} columns={columns} source={source} rowKey={(row) => row.id}
        onOpen={(row) => void navigate({ to: `/t/${tenant}/projects/${project}/intake/${row.id}` })}
        empty={<EmptyState title={t('intake:none')}>{t('intake:noneHint')}</EmptyState>}
      />
    </div>
  );
}
