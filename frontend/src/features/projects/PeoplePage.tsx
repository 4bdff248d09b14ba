import { Button, Select, TextInput } from '@mantine/core';
import { useParams } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { ProjectRole, RoleGrant } from '../../api/contract';
import { useAct, useKeysetList } from '../../api/hooks';
import { DataTable, type Column } from '../../ui/DataTable';
import { EmptyState, ProblemNotice } from '../../ui/Messages';

const ROLES: ProjectRole[] = ['reader', 'adjudicator', 'reviewer', 'manager', 'customer', 'auditor'];

/** Who may do what in this project. */
export function PeoplePage() {
  const { t } = useTranslation();
  const { project = '' } = useParams({ strict: false }) as { project?: string };
  const path = `/api/v1/projects/${project}/roles`;
  const source = useKeysetList<RoleGrant>(path);
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<string>('reader');
  const add = useAct<void>(() => ({ path, body: { email, role } }), [path]);
  const remove = useAct<string>((id) => ({ path: `${path}/${id}`, method: 'DELETE' }), [path]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate(undefined, { onSuccess: () => setEmail('') });
  };
  const columns: Column<RoleGrant>[] = [
    { key: 'name', header: t('projects:name'), width: 'minmax(160px, 2fr)', cell: (row) => row.user.name },
    { key: 'email', header: t('projects:email'), width: 'minmax(160px, 2fr)', cell: (row) => row.user.email },
    { key: 'role', header: t('projects:roleWord'), cell: (row) => t(`projects:role.${row.role}`) },
    {
      key: 'remove', header: t('ui:actions'), hideHeader: true, width: '120px',
      cell: (row) => <Button variant="subtle" size="compact-xs" onClick={() => remove.mutate(row.id)}>{t('ui:remove')}</Button>,
    },
  ];
  return (
    <div className="page-body flush" style={{ paddingTop: 12 }}>
      <form className="row wrap" style={{ padding: '0 16px 12px', alignItems: 'flex-end' }} onSubmit={submit}>
        <TextInput size="xs" type="email" required label={t('projects:email')} value={email} onChange={(event) => setEmail(event.currentTarget.value)} w={260} />
        <Select size="xs" label={t('projects:roleWord')} allowDeselect={false} value={role} onChange={(value) => setRole(value ?? 'reader')} data={ROLES.map((value) => ({ value, label: t(`projects:role.${value}`) }))} w={160} />
        <Button type="submit" variant="filled" loading={add.isPending}>{t('projects:addPerson')}</Button>
      </form>
      <div style={{ padding: '0 16px' }}><ProblemNotice problem={add.error ?? remove.error} /></div>
      <DataTable
        id="people" label={t('projects:tab.people')} columns={columns} source={source} rowKey={(row) => row.id}
        empty={<EmptyState title={t('projects:noPeople')}>{t('projects:noPeopleHint')}</EmptyState>}
      />
    </div>
  );
}
