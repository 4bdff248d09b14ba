import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { request, type ApiProblem } from '../../api/client';
import type { Discovery, Session } from '../../api/contract';
import { SESSION_KEY } from '../../api/session';
import { ProblemNotice } from '../../ui/Messages';
import { useUrlState } from '../../ui/urlState';

type Step = 'email' | 'password' | 'otp';

/** Only a path of this site may be the way back. */
function safeNext(next: string | undefined): string {
  return next && next.startsWith('/') && !next.startsWith('//') ? next : '/';
}

/** E-mail first: it tells whether the organisation signs people in itself; then the password, then the second factor. */
export function SignInPage() {
  const { t } = useTranslation();
  useDocumentTitle(`${t('session:title')} · Fiducial`);
  const [url] = useUrlState();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [step, setStep] = useState<Step>('email');
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [otpCode, setOtpCode] = useState('');

  const discover = useMutation<Discovery, ApiProblem>({
    mutationFn: () => request<Discovery>('/api/v1/session/discover', { method: 'POST', body: { email } }),
    onSuccess: ({ method, sign_in_url }) => {
      if (method === 'oidc' && sign_in_url) {
        const target = new URL(sign_in_url, location.origin);
        target.searchParams.set('next', safeNext(url.next));
        location.assign(target);
      } else setStep('password');
    },
  });
  const signIn = useMutation<Session, ApiProblem>({
    mutationFn: () =>
      request<Session>('/api/v1/session/sign-in', {
        method: 'POST',
        body: { email, password, ...(otpCode ? { otp_code: otpCode } : {}) },
      }),
    onSuccess: (session) => {
      client.clear();
      client.setQueryData(SESSION_KEY, session);
      void navigate({ href: safeNext(url.next) } as never);
    },
    onError: (problem) => {
      if (problem.code === 'otp-required') setStep('otp');
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (step === 'email') discover.mutate();
    else signIn.mutate();
  };
  const problem = discover.error ?? (signIn.error?.code === 'otp-required' ? null : signIn.error);

  return (
    <main className="gate">
      <form className="stack" onSubmit={submit}>
        <div className="stack tight">
          <h1>Fiducial</h1>
          <span className="dim">{t('session:tagline')}</span>
        </div>
        <TextInput label={t('session:email')} type="email" name="email" autoComplete="username" required autoFocus value={email} readOnly={step !== 'email'} onChange={(event) => setEmail(event.currentTarget.value)} />
        {step === 'password' && (
          <PasswordInput label={t('session:password')} name="password" autoComplete="current-password" required autoFocus value={password} onChange={(event) => setPassword(event.currentTarget.value)} />
        )}
        {step === 'otp' && (
          <TextInput label={t('session:otp')} description={t('session:otpHint')} name="otp_code" autoComplete="one-time-code" required autoFocus value={otpCode} onChange={(event) => setOtpCode(event.currentTarget.value)} />
        )}
        {url.problem === 'oidc-refused' && !problem && (
          <div className="notice danger stack tight" role="alert" data-problem="oidc-refused">
            <strong>{t('session:refused')}</strong>
            <span className="dim">{t('session:refusedRemedy')}</span>
          </div>
        )}
        <ProblemNotice problem={problem} />
        <div className="row">
          <Button type="submit" variant="filled" loading={discover.isPending || signIn.isPending}>
            {step === 'email' ? t('session:next') : t('session:signIn')}
          </Button>
          {step !== 'email' && (
            <Button
              variant="subtle"
              onClick={() => {
                setStep('email');
                setPassword('');
                setOtpCode('');
                signIn.reset();
              }}
            >
              {t('session:back')}
            </Button>
          )}
        </div>
      </form>
    </main>
  );
}
