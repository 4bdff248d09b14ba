import { Button, TextInput } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { Grant, Page as ListPage, Release } from '../../api/contract';
import { useAct, useApi } from '../../api/hooks';
import { Dialog } from '../../ui/Dialog';
import { formatTime } from '../../ui/format';
import { ProblemNotice } from '../../ui/Messages';
import { StateMark } from '../../ui/StateMark';

/** One release: its state, the one step it waits for, and who may pull it. */
export function ReleaseCard({ release }: { release: Release }) {
  const { t, i18n } = useTranslation();
  const [withdrawing, setWithdrawing] = useState(false);
  const act = useAct<'publish' | 'withdraw'>((verb) => ({ path: `/api/v1/releases/${release.id}/${verb}` }), ['/api/v1/datasets', '/api/v1/releases']);
  return (
    <div className="stack tight hair-top" data-release={release.name}>
      <div className="row wrap">
        <strong>{release.name}</strong>
        <StateMark state={release.state} />
        <code title={release.version_digest}>{release.version_digest.replace(/^sha256:/, '').slice(0, 12)}</code>
        <span className="dim">{formatTime(release.published_at, i18n.language)}</span>
        <span className="grow" />
        {release.state === 'draft' && <Button variant="filled" loading={act.isPending} onClick={() => act.mutate('publish')}>{t('datasets:publish')}</Button>}
        {release.state === 'published' && <Button onClick={() => setWithdrawing(true)}>{t('datasets:withdraw')}</Button>}
      </div>
      <ProblemNotice problem={act.error} />
      {release.state !== 'withdrawn' && <Grants releaseId={release.id} />}
      <Dialog opened={withdrawing} onClose={() => setWithdrawing(false)} title={`${t('datasets:withdraw')} ${release.name}`}>
        <div className="stack">
          <p>{t('datasets:withdrawHint')}</p>
          <div className="row">
            <Button color="red" variant="filled" onClick={() => act.mutate('withdraw', { onSuccess: () => setWithdrawing(false) })}>{t('datasets:withdraw')}</Button>
            <Button onClick={() => setWithdrawing(false)}>{t('ui:cancel')}</Button>
          </div>
        </div>
      </Dialog>
    </div>
  );
}

function Grants({ releaseId }: { releaseId: string }) {
  const { t } = useTranslation();
  const path = `/api/v1/releases/${releaseId}/grants`;
  const [email, setEmail] = useState('');
  const grants = useApi<ListPage<Grant>>(path);
  const add = useAct<void>(() => ({ path, body: { email } }), [path]);
  const remove = useAct<string>((id) => ({ path: `${path}/${id}`, method: 'DELETE' }), [path]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate(undefined, { onSuccess: () => setEmail('') });
  };
  return (
    <div className="row wrap">
      <span className="dim">{t('datasets:grants')}:</span>
      {grants.data?.results.length === 0 && <span className="dim">{t('datasets:noGrants')}</span>}
      {grants.data?.results.map((grant) => (
        <span key={grant.id} className="row">
          {grant.user.name || grant.user.email}
          <Button size="compact-xs" variant="subtle" onClick={() => remove.mutate(grant.id)}>{t('ui:remove')}</Button>
        </span>
      ))}
      <form className="row" onSubmit={submit}>
        <TextInput size="xs" type="email" required aria-label={t('datasets:email')} placeholder={t('datasets:email')} value={email} onChange={(event) => setEmail(event.currentTarget.value)} />
        <Button type="submit" loading={add.isPending}>{t('datasets:grant')}</Button>
      </form>
      <ProblemNotice problem={add.error ?? remove.error} />
    </div>
  );
}
