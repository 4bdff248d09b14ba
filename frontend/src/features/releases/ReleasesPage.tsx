import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { CustomerRelease } from '../../api/contract';
import { useKeysetList } from '../../api/hooks';
import { useTenantSlug } from '../../api/session';
import { DataTable, type Column } from '../../ui/DataTable';
import { formatTime } from '../../ui/format';
import { EmptyState } from '../../ui/Messages';
import { Page } from '../../ui/Page';

/** The customer's home: what may be pulled. */
export function ReleasesPage() {
  const { t, i18n } = useTranslation();
  const tenant = useTenantSlug();
  const navigate = useNavigate();
  const source = useKeysetList<CustomerRelease>('/api/v1/releases');
  const columns: Column<CustomerRelease>[] = [
    { key: 'dataset', header: t('releases:dataset'), width: 'minmax(160px, 2fr)', cell: (row) => row.dataset_name },
    { key: 'name', header: t('releases:name'), width: 'minmax(120px, 1fr)', cell: (row) => row.name },
    { key: 'digest', header: t('releases:digest'), width: '150px', cell: (row) => <code title={row.version_digest}>{row.version_digest.replace(/^sha256:/, '').slice(0, 12)}</code> },
    { key: 'published', header: t('releases:published'), width: '200px', cell: (row) => formatTime(row.published_at, i18n.language) },
  ];
  return (
    <Page flush title={t('releases:title')}>
      <DataTable
        id="releases" label={t('releases:title')} columns={columns} source={source} rowKey={(row) => row.id}
        onOpen={(row) => void navigate({ to: `/t/${tenant}/releases/${row.dataset}/${row.name}` })}
        empty={<EmptyState title={t('releases:emptyTitle')}>{t('releases:emptyHint')}</EmptyState>}
      />
    </Page>
  );
}
