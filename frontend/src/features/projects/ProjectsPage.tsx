import { Button, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { Project } from '../../api/contract';
import { useAct, useKeysetList } from '../../api/hooks';
import { useTenant, useTenantSlug } from '../../api/session';
import { DataTable, type Column } from '../../ui/DataTable';
import { Dialog } from '../../ui/Dialog';
import { SearchFilter } from '../../ui/Filters';
import { formatTime } from '../../ui/format';
import { EmptyState, ProblemNotice } from '../../ui/Messages';
import { Page } from '../../ui/Page';
import { StateMark } from '../../ui/StateMark';
import { useUrlState } from '../../ui/urlState';

export function ProjectsPage() {
  const { t, i18n } = useTranslation();
  const tenant = useTenantSlug();
  const role = useTenant()?.role;
  const navigate = useNavigate();
  const [url] = useUrlState();
  const [creating, setCreating] = useState(false);
  const source = useKeysetList<Project>('/api/v1/projects', { search: url.search });
  const open = (row: Project) => void navigate({ to: `/t/${tenant}/projects/${row.slug}` });
  const columns: Column<Project>[] = [
    {
      key: 'name', header: t('projects:name'), width: 'minmax(180px, 3fr)',
      cell: (row) => (
        <span className="row">
          <i className="swatch" style={{ background: row.colour }} aria-hidden />
          <span className="clip" title={row.name}>{row.name}</span>
        </span>
      ),
    },
    { key: 'state', header: t('projects:state'), width: '110px', cell: (row) => <StateMark state={row.state} /> },
    { key: 'studies', header: t('projects:studies'), width: '90px', numeric: true, cell: (row) => row.counts?.studies ?? '–' },
    { key: 'cases', header: t('projects:cases'), width: '90px', numeric: true, cell: (row) => row.counts?.cases ?? '–' },
    { key: 'settled', header: t('projects:settled'), width: '90px', numeric: true, cell: (row) => row.counts?.cases_settled ?? '–' },
    { key: 'roles', header: t('projects:roles'), width: 'minmax(120px, 2fr)', optional: true, cell: (row) => row.my_roles.map((name) => t(`projects:role.${name}`)).join(', ') },
    { key: 'created', header: t('projects:created'), width: '200px', optional: true, cell: (row) => formatTime(row.created_at, i18n.language) },
  ];
  const mayCreate = role === 'owner' || role === 'admin';
  const create = mayCreate && <Button variant="filled" onClick={() => setCreating(true)}>{t('projects:new')}</Button>;
  return (
    <Page flush title={t('projects:title')} actions={create}>
      <DataTable
        id="projects" label={t('projects:title')} columns={columns} source={source} rowKey={(row) => row.id} onOpen={open}
        tools={<SearchFilter label={t('ui:search')} />}
        empty={<EmptyState title={t('projects:emptyTitle')} action={create}>{t('projects:emptyHint')}</EmptyState>}
      />
      <NewProject opened={creating} onClose={() => setCreating(false)} onCreated={open} />
    </Page>
  );
}

function NewProject({ opened, onClose, onCreated }: { opened: boolean; onClose: () => void; onCreated: (project: Project) => void }) {
  const { t } = useTranslation();
  const [name, setName] = useState('');
  const [slug, setSlug] = useState('');
  const [description, setDescription] = useState('');
  const create = useAct<void, Project>(
    () => ({ path: '/api/v1/projects', body: { name, slug, description }, idempotencyKey: `project:${slug}:${name}` }),
    ['/api/v1/projects'],
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate(undefined, { onSuccess: onCreated });
  };
  const slugOf = (text: string) =>
    text.toLowerCase().normalize('NFKD').replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '').slice(0, 60);
  return (
    <Dialog opened={opened} onClose={onClose} title={t('projects:new')}>
      <form className="stack" onSubmit={submit}>
        <TextInput
          label={t('projects:name')} required maxLength={120} value={name}
          onChange={(event) => {
            if (slug === slugOf(name)) setSlug(slugOf(event.currentTarget.value));
            setName(event.currentTarget.value);
          }}
        />
        <TextInput label={t('projects:slug')} description={t('projects:slugHint')} required pattern="[a-z0-9\-]+" value={slug} onChange={(event) => setSlug(event.currentTarget.value)} />
        <TextInput label={t('projects:description')} value={description} onChange={(event) => setDescription(event.currentTarget.value)} />
        <ProblemNotice problem={create.error} />
        <div className="row">
          <Button type="submit" variant="filled" loading={create.isPending}>{t('ui:create')}</Button>
          <Button onClick={onClose}>{t('ui:cancel')}</Button>
        </div>
      </form>
    </Dialog>
  );
}
