import { Button, Checkbox, CopyButton, NumberInput, TextInput } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { ApiToken, Page as ListPage } from '../../api/contract';
import { useAct, useApi } from '../../api/hooks';
import { formatTime } from '../../ui/format';
import { Loaded, ProblemNotice } from '../../ui/Messages';

const PATH = '/api/v1/tokens';
const SCOPES = ['releases:pull', 'dicomweb:read', 'dicomweb:store', 'api:read', 'api:write'] as const;

/** Tokens of this tenant for programs; the secret is shown once. */
export function Tokens() {
  const { t, i18n } = useTranslation();
  const tokens = useApi<ListPage<ApiToken>>(PATH);
  const revoke = useAct<string>((id) => ({ path: `${PATH}/${id}`, method: 'DELETE' }), [PATH]);
  return (
    <section className="stack">
      <h2>{t('settings:tokens')}</h2>
      <Loaded value={tokens.data} problem={tokens.error} onRetry={() => void tokens.refetch()}>
        {({ results }) =>
          results.length === 0 ? (
            <p className="dim">{t('settings:noTokens')}</p>
          ) : (
            <table className="plain">
              <thead>
                <tr>
                  <th scope="col">{t('settings:tokenName')}</th><th scope="col">{t('settings:scopes')}</th><th scope="col">{t('settings:expiresAt')}</th>
                  <th scope="col">{t('settings:lastUsed')}</th><th scope="col"><span className="sr-only">{t('settings:revoke')}</span></th>
                </tr>
              </thead>
              <tbody>
                {results.map((row) => (
                  <tr key={row.id}>
                    <td>{row.name}</td><td>{row.scopes.map((scope) => t(`scope.${scope}`, { ns: 'settings', nsSeparator: false, defaultValue: scope })).join(', ')}</td>
                    <td>{formatTime(row.expires_at, i18n.language) || '–'}</td><td>{formatTime(row.last_used_at, i18n.language) || t('settings:never')}</td>
                    <td><Button size="compact-xs" onClick={() => revoke.mutate(row.id)}>{t('settings:revoke')}</Button></td>
                  </tr>
                ))}
              </tbody>
            </table>
          )
        }
      </Loaded>
      <ProblemNotice problem={revoke.error} />
      <NewToken />
    </section>
  );
}

function NewToken() {
  const { t } = useTranslation();
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<string[]>(['releases:pull']);
  const [days, setDays] = useState(90);
  const make = useAct<void, ApiToken>(
    () => ({ path: PATH, body: { name, scopes, expires_at: new Date(Date.now() + days * 86_400_000).toISOString() } }),
    [PATH],
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate(undefined, { onSuccess: () => setName('') });
  };
  return (
    <form className="stack hair-top" onSubmit={submit}>
      <div className="row wrap" style={{ alignItems: 'flex-end' }}>
        <TextInput label={t('settings:tokenName')} required w={240} value={name} onChange={(event) => setName(event.currentTarget.value)} />
        <NumberInput label={t('settings:expires')} min={1} max={730} w={180} value={days} onChange={(value) => setDays(Number(value) || 90)} />
      </div>
      <Checkbox.Group label={t('settings:scopes')} value={scopes} onChange={setScopes}>
        <div className="row wrap" style={{ marginTop: 4 }}>
          {SCOPES.map((scope) => <Checkbox key={scope} size="xs" value={scope} label={t(`scope.${scope}`, { ns: 'settings', nsSeparator: false })} />)}
        </div>
      </Checkbox.Group>
      <ProblemNotice problem={make.error} />
      {make.data?.token && (
        <div className="notice stack tight">
          <span>{t('settings:tokenOnce')}</span>
          <div className="command-line">
            <code className="grow" data-token>{make.data.token}</code>
            <CopyButton value={make.data.token}>{({ copied, copy }) => <Button onClick={copy}>{copied ? t('ui:copied') : t('ui:copy')}</Button>}</CopyButton>
          </div>
        </div>
      )}
      <div><Button type="submit" variant="filled" disabled={scopes.length === 0} loading={make.isPending}>{t('settings:makeToken')}</Button></div>
    </form>
  );
}
