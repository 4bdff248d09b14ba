import { Button, Textarea } from '@mantine/core';
import { useParams } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Delivery, IncomingFile } from '../../api/contract';
import { useAct, useApi, useKeysetList } from '../../api/hooks';
import { useTenantSlug } from '../../api/session';
import { DataTable, type Column } from '../../ui/DataTable';
import { FilterChips } from '../../ui/Filters';
import { formatBytes, formatTime } from '../../ui/format';
import { EmptyState, Loaded, ProblemNotice } from '../../ui/Messages';
import { Facts, ProgressBar, SidePanel } from '../../ui/Page';
import { StateMark } from '../../ui/StateMark';
import { useUrlState } from '../../ui/urlState';
import { DropZone } from './DropZone';
import { Uploader } from './uploader';
import { UploadProgress } from './UploadProgress';

const STATES = ['received', 'held', 'admitted', 'refused', 'duplicate'] as const;

/** One delivery, file by file: nothing is dropped without a line and a reason. */
export function DeliveryPage() {
  const { t } = useTranslation();
  const tenant = useTenantSlug();
  const { deliveryId = '' } = useParams({ strict: false }) as { deliveryId?: string };
  const path = `/api/v1/deliveries/${deliveryId}`;
  const delivery = useApi<Delivery>(path, undefined, { refetchInterval: 5000 });
  const cancel = useAct<void>(() => ({ path: `${path}/cancel` }), ['/api/v1/deliveries']);
  const [uploader] = useState(() => new Uploader(tenant));
  return (
    <div className="page-body flush" style={{ paddingTop: 12 }}>
      <Loaded value={delivery.data} problem={delivery.error} onRetry={() => void delivery.refetch()}>
        {(value) => (
          <>
            <div className="stack" style={{ padding: '0 16px 12px' }}>
              <div className="row wrap">
                <h2>{t('intake:delivery', { name: value.name })}</h2>
                <StateMark state={value.state} />
                <span className="grow" />
                {value.state === 'receiving' && <Button onClick={() => cancel.mutate()}>{t('intake:cancel')}</Button>}
              </div>
              {value.job?.progress && value.job.state === 'running' && (
                <div className="stack tight">
                  <ProgressBar done={value.job.progress.done} total={value.job.progress.total} label={t('intake:progress')} />
                  <span className="dim">{value.job.progress.message} {value.job.progress.done} / {value.job.progress.total ?? '?'} {value.job.progress.unit}</span>
                </div>
              )}
              {value.state === 'receiving' && <DropZone onPicked={(files) => void uploader.continue(value.id, files)} />}
              <UploadProgress uploader={uploader} />
            </div>
            <Files delivery={value} />
          </>
        )}
      </Loaded>
    </div>
  );
}

function Files({ delivery }: { delivery: Delivery }) {
  const { t, i18n } = useTranslation();
  const [url, setUrl] = useUrlState();
  const source = useKeysetList<IncomingFile>(`/api/v1/deliveries/${delivery.id}/files`, { state: url.state });
  const open = source.rows.find((row) => row.id === url.open);
  const moved = JSON.stringify(delivery.by_state);
  const { reload } = source;
  const reloadLatest = useRef(reload);
  reloadLatest.current = reload;
  useEffect(() => reloadLatest.current(), [moved]);
  const columns: Column<IncomingFile>[] = [
    { key: 'name', header: t('intake:fileName'), width: 'minmax(240px, 3fr)', cell: (row) => <span className="mono" title={row.name}>{row.name}</span> },
    { key: 'state', header: t('intake:state'), width: '140px', cell: (row) => <StateMark state={row.state} /> },
    { key: 'reason', header: t('intake:reason'), width: 'minmax(200px, 3fr)', cell: (row) => <span title={row.reason?.title}>{row.reason?.title ?? ''}</span> },
    { key: 'size', header: t('intake:size'), width: '90px', numeric: true, cell: (row) => formatBytes(row.size, i18n.language) },
  ];
  return (
    <div className="with-panel">
      <DataTable
        id="incoming-files" label={t('intake:files')} columns={columns} source={source} rowKey={(row) => row.id} openKey={url.open ?? null}
        onPeek={(row) => setUrl({ open: row.id })}
        tools={<FilterChips name="state" options={STATES.map((state) => ({ value: state, label: t(`ui:state.${state}`), count: delivery.by_state[state] }))} />}
        empty={<EmptyState title={t('intake:noFiles')}>{t('intake:noFilesHint')}</EmptyState>}
      />
      {open && <FilePanel file={open} onClose={() => setUrl({ open: undefined })} />}
    </div>
  );
}

function FilePanel({ file, onClose }: { file: IncomingFile; onClose: () => void }) {
  const { t, i18n } = useTranslation();
  const [reason, setReason] = useState('');
  const decide = useAct<'admit' | 'reject'>(
    (decision) => ({ path: `/api/v1/incoming-files/${file.id}/decision`, body: { decision, reason } }),
    ['/api/v1/deliveries'],
  );
  return (
    <SidePanel title={file.name.split('/').at(-1) ?? file.name} onClose={onClose}>
      <Facts
        rows={[
          [t('intake:state'), <StateMark key="s" state={file.state} />],
          [t('intake:fileName'), <span key="n" className="mono">{file.name}</span>],
          [t('intake:size'), formatBytes(file.size, i18n.language)],
          [t('intake:received'), formatTime(file.received_at, i18n.language)],
          [t('intake:sha'), <code key="h">{file.sha256}</code>],
        ]}
      />
      {file.reason && (
        <div className={`notice stack tight${file.state === 'refused' ? ' danger' : ''}`}>
          <strong>{file.reason.title}</strong>
          <span className="dim">{file.reason.remedy}</span>
        </div>
      )}
      {file.state === 'held' && (
        <div className="stack">
          <h3>{t('intake:decide')}</h3>
          <Textarea label={t('intake:why')} autosize minRows={2} value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
          <ProblemNotice problem={decide.error} />
          <div className="row">
            <Button disabled={!reason} onClick={() => decide.mutate('admit')}>{t('intake:admit')}</Button>
            <Button disabled={!reason} onClick={() => decide.mutate('reject')}>{t('intake:reject')}</Button>
          </div>
        </div>
      )}
    </SidePanel>
  );
}
