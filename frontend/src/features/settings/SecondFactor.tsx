import { Button, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { request, type ApiProblem } from '../../api/client';
import type { RecoveryCodes, TotpEnrolment } from '../../api/contract';
import { SESSION_KEY, useSession } from '../../api/session';
import { ProblemNotice } from '../../ui/Messages';
import { StateMark } from '../../ui/StateMark';

const PATH = '/api/v1/session/totp';

/** Turning the authenticator on and off. */
export function SecondFactor() {
  const { t } = useTranslation();
  const enabled = useSession()?.user?.totp_enabled ?? false;
  const client = useQueryClient();
  const [code, setCode] = useState('');
  const refresh = () => client.invalidateQueries({ queryKey: SESSION_KEY });
  const enrol = useMutation<TotpEnrolment, ApiProblem>({ mutationFn: () => request<TotpEnrolment>(PATH, { method: 'POST' }) });
  const confirm = useMutation<RecoveryCodes, ApiProblem>({
    mutationFn: () => request(`${PATH}/confirm`, { method: 'POST', body: { code } }),
    onSuccess: () => {
      setCode('');
      void refresh();
    },
  });
  const disable = useMutation<void, ApiProblem>({ mutationFn: () => request(PATH, { method: 'DELETE', body: { code } }), onSuccess: () => void refresh() });
  const codeField = <TextInput label={t('settings:code')} w={160} inputMode="numeric" autoComplete="one-time-code" value={code} onChange={(event) => setCode(event.currentTarget.value)} />;
  return (
    <section className="stack">
      <h2>{t('settings:totp')}</h2>
      <StateMark state={enabled ? 'done' : 'warning'} label={enabled ? t('settings:totpOn') : t('settings:totpOff')} />
      {!enabled && !enrol.data && <div><Button onClick={() => enrol.mutate()} loading={enrol.isPending}>{t('settings:totpStart')}</Button></div>}
      {!enabled && enrol.data && (
        <div className="row wrap" style={{ alignItems: 'flex-start', gap: 24 }}>
          <img alt="" width={180} height={180} style={{ background: '#fff', padding: 8 }} src={`data:image/svg+xml;utf8,${encodeURIComponent(enrol.data.qr_svg)}`} />
          <div className="stack">
            <span>{t('settings:totpScan')}</span>
            <span>{t('settings:secret')}: <code>{enrol.data.secret}</code></span>
            {codeField}
            <div><Button variant="filled" disabled={!code} loading={confirm.isPending} onClick={() => confirm.mutate()}>{t('settings:confirm')}</Button></div>
          </div>
        </div>
      )}
      {confirm.data && (
        <div className="notice stack tight">
          <strong>{t('settings:recovery')}</strong>
          <span className="dim">{t('settings:recoveryHint')}</span>
          <code style={{ columns: 2 }}>{confirm.data.recovery_codes.map((entry) => <div key={entry}>{entry}</div>)}</code>
        </div>
      )}
      {enabled && (
        <div className="row" style={{ alignItems: 'flex-end' }}>
          {codeField}
          <Button disabled={!code} loading={disable.isPending} onClick={() => disable.mutate()}>{t('settings:turnOff')}</Button>
        </div>
      )}
      <ProblemNotice problem={enrol.error ?? confirm.error ?? disable.error} />
    </section>
  );
}
