import { Button, Select, TextInput } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { Member, Role } from '../../api/contract';
import { useAct, useKeysetList } from '../../api/hooks';
import { DataTable, type Column } from '../../ui/DataTable';
import { formatTime } from '../../ui/format';
import { EmptyState, ProblemNotice } from '../../ui/Messages';
import { Page } from '../../ui/Page';

const ROLES: Role[] = ['member', 'admin', 'auditor', 'owner'];
const PATH = '/api/v1/members';

/** The people of this tenant. */
export function MembersPage() {
  const { t, i18n } = useTranslation();
  const source = useKeysetList<Member>(PATH);
  const [email, setEmail] = useState('');
  const [name, setName] = useState('');
  const [role, setRole] = useState<string>('member');
  const add = useAct<void>(() => ({ path: PATH, body: { email, name, role } }), [PATH]);
  const change = useAct<{ id: string; role: string }>(({ id, role: next }) => ({ path: `${PATH}/${id}`, method: 'PATCH', body: { role: next } }), [PATH]);
  const remove = useAct<string>((id) => ({ path: `${PATH}/${id}`, method: 'DELETE' }), [PATH]);
  const options = ROLES.map((value) => ({ value, label: t(`members:roles.${value}`) }));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate(undefined, {
      onSuccess: () => {
        setEmail('');
        setName('');
      },
    });
  };
  const columns: Column<Member>[] = [
    { key: 'name', header: t('members:name'), width: 'minmax(160px, 2fr)', cell: (row) => row.user.name },
    { key: 'email', header: t('members:email'), width: 'minmax(180px, 2fr)', cell: (row) => row.user.email },
    { key: 'role', header: t('members:role'), width: '170px', cell: (row) => <Select size="xs" aria-label={t('members:role')} allowDeselect={false} value={row.role} data={options} onChange={(next) => next && change.mutate({ id: row.id, role: next })} /> },
    { key: 'since', header: t('members:since'), width: '200px', optional: true, cell: (row) => formatTime(row.created_at, i18n.language) },
    { key: 'remove', header: t('ui:actions'), hideHeader: true, width: '110px', cell: (row) => <Button variant="subtle" size="compact-xs" onClick={() => remove.mutate(row.id)}>{t('members:remove')}</Button> },
  ];
  return (
    <Page flush title={t('members:title')}>
      <form className="row wrap" style={{ padding: '0 16px 12px', alignItems: 'flex-end' }} onSubmit={submit}>
        <TextInput size="xs" w={200} required label={t('members:name')} value={name} onChange={(event) => setName(event.currentTarget.value)} />
        <TextInput size="xs" w={240} type="email" required label={t('members:email')} value={email} onChange={(event) => setEmail(event.currentTarget.value)} />
        <Select size="xs" w={160} label={t('members:role')} allowDeselect={false} value={role} onChange={(value) => setRole(value ?? 'member')} data={options} />
        <Button type="submit" variant="filled" loading={add.isPending}>{t('members:add')}</Button>
      </form>
      <div style={{ padding: '0 16px' }}><ProblemNotice problem={add.error ?? change.error ?? remove.error} /></div>
      <DataTable id="members" label={t('members:title')} columns={columns} source={source} rowKey={(row) => row.id} empty={<EmptyState title={t('members:emptyTitle')}>{t('members:emptyHint')}</EmptyState>} />
    </Page>
  );
}
