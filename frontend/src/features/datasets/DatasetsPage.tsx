import { Button, Select, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { Dataset } from '../../api/contract';
import { useAct, useKeysetList } from '../../api/hooks';
import { useProjectChoice } from '../../api/projects';
import { useTenantSlug } from '../../api/session';
import { DataTable, type Column } from '../../ui/DataTable';
import { Dialog } from '../../ui/Dialog';
import { formatTime } from '../../ui/format';
import { EmptyState, ProblemNotice } from '../../ui/Messages';
import { Page } from '../../ui/Page';

export function DatasetsPage() {
  const { t, i18n } = useTranslation();
  const tenant = useTenantSlug();
  const navigate = useNavigate();
  const [creating, setCreating] = useState(false);
  const { projects } = useProjectChoice(undefined);
  const manages = projects?.some((project) => project.my_roles.includes('manager')) ?? false;
  const source = useKeysetList<Dataset>('/api/v1/datasets');
  const open = (row: Dataset) => void navigate({ to: `/t/${tenant}/datasets/${row.slug}` });
  const columns: Column<Dataset>[] = [
    { key: 'name', header: t('datasets:name'), width: 'minmax(160px, 2fr)', cell: (row) => row.name },
    { key: 'slug', header: t('datasets:slug'), width: 'minmax(140px, 1.5fr)', cell: (row) => <code>{row.slug}</code> },
    { key: 'project', header: t('datasets:project'), width: 'minmax(140px, 1.5fr)', cell: (row) => (typeof row.project === 'object' ? row.project.name : row.project) },
    { key: 'description', header: t('datasets:description'), width: 'minmax(160px, 3fr)', optional: true, cell: (row) => row.description },
    { key: 'created', header: t('datasets:created'), width: '200px', optional: true, cell: (row) => formatTime(row.created_at, i18n.language) },
  ];
  const create = manages && <Button variant="filled" onClick={() => setCreating(true)}>{t('datasets:new')}</Button>;
  return (
    <Page flush title={t('datasets:title')} actions={create}>
      <DataTable
        id="datasets" label={t('datasets:title')} columns={columns} source={source} rowKey={(row) => row.id} onOpen={open}
        empty={<EmptyState title={t('datasets:emptyTitle')} action={create}>{t('datasets:emptyHint')}</EmptyState>}
      />
      <NewDataset opened={creating} onClose={() => setCreating(false)} onCreated={open} projects={(projects ?? []).filter((project) => project.my_roles.includes('manager'))} />
    </Page>
  );
}

function NewDataset(props: { opened: boolean; onClose: () => void; onCreated: (dataset: Dataset) => void; projects: { slug: string; name: string }[] }) {
  const { t } = useTranslation();
  const [project, setProject] = useState<string | null>(null);
  const [name, setName] = useState('');
  const [slug, setSlug] = useState('');
  const [description, setDescription] = useState('');
  const chosen = project ?? props.projects[0]?.slug ?? '';
  const create = useAct<void, Dataset>(
    () => ({ path: `/api/v1/projects/${chosen}/datasets`, body: { name, slug, description } }),
    ['/api/v1/datasets'],
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate(undefined, { onSuccess: props.onCreated });
  };
  return (
    <Dialog opened={props.opened} onClose={props.onClose} title={t('datasets:new')}>
      <form className="stack" onSubmit={submit}>
        <Select label={t('datasets:project')} allowDeselect={false} value={chosen} onChange={setProject} data={props.projects.map((entry) => ({ value: entry.slug, label: entry.name }))} />
        <TextInput label={t('datasets:name')} required value={name} onChange={(event) => setName(event.currentTarget.value)} />
        <TextInput label={t('datasets:slug')} required pattern="[a-z0-9\-]+" value={slug} onChange={(event) => setSlug(event.currentTarget.value)} />
        <TextInput label={t('datasets:description')} value={description} onChange={(event) => setDescription(event.currentTarget.value)} />
        <ProblemNotice problem={create.error} />
        <div className="row">
          <Button type="submit" variant="filled" loading={create.isPending}>{t('ui:create')}</Button>
          <Button onClick={props.onClose}>{t('ui:cancel')}</Button>
        </div>
      </form>
    </Dialog>
  );
}
