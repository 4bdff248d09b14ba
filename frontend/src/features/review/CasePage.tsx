import { Button, Textarea } from '@mantine/core';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CaseAgreement, CaseDetail } from '../../api/contract';
import { useAct, useApi } from '../../api/hooks';
import { useTenantSlug } from '../../api/session';
import { formatDuration, formatNumber, formatTime } from '../../ui/format';
import { Loaded, ProblemNotice } from '../../ui/Messages';
import { Facts, Page } from '../../ui/Page';
import { StateMark } from '../../ui/StateMark';

/** How one case came to its reference standard: reads, agreement, consensus or adjudication, decisions. */
export function CasePage() {
  const { t, i18n } = useTranslation();
  const tenant = useTenantSlug();
  const { caseId = '' } = useParams({ strict: false }) as { caseId?: string };
  const answer = useApi<CaseDetail>(`/api/v1/cases/${caseId}`);
  return (
    <Loaded value={answer.data} problem={answer.error} onRetry={() => void answer.refetch()}>
      {(value) => (
        <Page title={value.label} actions={<StateMark state={value.state} />}>
          <div className="columns" style={{ gridTemplateColumns: 'repeat(auto-fit, minmax(420px, 1fr))' }}>
            <section className="stack">
              <h2>{t('review:readsTitle')}</h2>
              <Reads reads={value.reads} />
              <h2>{t('review:agreementTitle')}</h2>
              <AgreementTable rows={value.agreement_by_class} />
            </section>
            <section className="stack">
              <h2>{t('review:standard')}</h2>
              <p>{value.reference_standard ? t('review:standardLine', { how: t(`review:how.${value.reference_standard.how}`) }) : t('review:noStandard')}</p>
              {value.consensus && (
                <Facts rows={[[t('review:consensusTitle'), `${value.consensus.algorithm} ${value.consensus.version}`]]} />
              )}
              {value.adjudication && (
                <Facts
                  rows={[
                    [t('review:adjudicationTitle'), formatTime(value.adjudication.decided_at, i18n.language)],
                    [t('review:rationale'), value.adjudication.rationale || '–'],
                  ]}
                />
              )}
              {value.study && (
                <Facts rows={[[t('review:study'), <Link key="s" to={`/t/${tenant}/studies/${value.study.id}`}>{value.study.description || t('review:openStudy')}</Link>]]} />
              )}
              <Flags value={value} />
              <Decisions value={value} />
            </section>
          </div>
        </Page>
      )}
    </Loaded>
  );
}

function Reads({ reads }: { reads: CaseDetail['reads'] }) {
  const { t, i18n } = useTranslation();
  if (reads.length === 0) return <p className="dim">{t('review:noReads')}</p>;
  return (
    <table className="plain">
      <thead>
        <tr>
          <th scope="col">{t('review:read')}</th><th scope="col">{t('review:reader')}</th><th scope="col">{t('review:state')}</th>
          <th scope="col">{t('review:signed')}</th><th scope="col" className="num">{t('review:time')}</th>
        </tr>
      </thead>
      <tbody>
        {reads.map((read) => (
          <tr key={read.id}>
            <td>{read.label || t(`review:kind.${read.kind ?? 'read'}`, { defaultValue: read.kind })}</td><td>{read.reader?.name ?? <span className="dim">{t('review:hidden')}</span>}</td>
            <td><StateMark state={read.state} /></td><td>{formatTime(read.signed_at, i18n.language) || '–'}</td>
            <td className="num">{formatDuration(read.active_reading_s)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function AgreementTable({ rows }: { rows: CaseAgreement[] }) {
  const { t, i18n } = useTranslation();
  const number = (value: number | null) => formatNumber(value, i18n.language, 3);
  if (rows.length === 0) return <p className="dim">{t('review:noAgreement')}</p>;
  return (
    <table className="plain">
      <thead>
        <tr>
          <th scope="col">{t('review:className')}</th><th scope="col">{t('review:metric')}</th><th scope="col" className="num">{t('review:value')}</th>
          <th scope="col" className="num">{t('review:limit')}</th><th scope="col">{t('review:state')}</th><th scope="col">{t('review:definition')}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={`${row.class_number}${row.metric}`}>
            <td>{row.name}</td><td>{t(`ui:metric.${row.metric}`, { defaultValue: row.metric })}</td>
            <td className="num">{number(row.value)}{row.low != null && row.high != null && <span className="dim"> ({number(row.low)}–{number(row.high)})</span>}</td>
            <td className="num">{number(row.limit)}</td><td><StateMark state={row.concordant ? 'concordant' : 'discordant'} /></td>
            <td><code>{row.definition_id}</code></td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What a reader said is wrong with the case, and taking it back into the queue. */
function Flags({ value }: { value: CaseDetail }) {
  const { t, i18n } = useTranslation();
  const resolve = useAct<string>((flagId) => ({ path: `/api/v1/cases/${value.id}/flags/${flagId}/resolve` }), ['/api/v1/cases', '/api/v1/projects']);
  if (!value.flags?.length) return null;
  return (
    <>
      <h2>{t('review:flagsTitle')}</h2>
      {value.flags.map((flag) => (
        <div key={flag.id} className="row between hair-top">
          <span className="stack tight">
            <span className="row"><StateMark state={flag.resolved_at ? 'done' : 'flagged'} label={t(`review:flag.${flag.code}`, { defaultValue: flag.code })} /></span>
            <span>{flag.text}</span>
            <span className="dim">{formatTime(flag.raised_at, i18n.language)}</span>
          </span>
          {!flag.resolved_at && <Button onClick={() => resolve.mutate(flag.id)}>{t('review:resolveFlag')}</Button>}
        </div>
      ))}
      <ProblemNotice problem={resolve.error} />
    </>
  );
}

function Decisions({ value }: { value: CaseDetail }) {
  const { t, i18n } = useTranslation();
  const [comment, setComment] = useState('');
  const decide = useAct<'accepted' | 'returned'>(
    (decision) => ({ path: `/api/v1/cases/${value.id}/review`, body: { decision, comment } }),
    ['/api/v1/cases', '/api/v1/projects'],
  );
  return (
    <>
      <h2>{t('review:decisionsTitle')}</h2>
      {(value.decisions ?? []).map((entry, index) => (
        <div key={entry.id ?? index} className="stack tight hair-top">
          <span><strong>{t(`review:decision.${entry.decision}`, { defaultValue: entry.decision })}</strong> <span className="dim">{entry.actor?.name} {formatTime(entry.decided_at, i18n.language)}</span></span>
          <span>{entry.comment}</span>
        </div>
      ))}
      {value.reference_standard && (
        <>
          <Textarea label={t('review:comment')} autosize minRows={2} value={comment} onChange={(event) => setComment(event.currentTarget.value)} />
          <ProblemNotice problem={decide.error} />
          <div className="row">
            <Button onClick={() => decide.mutate('accepted')}>{t('review:accept')}</Button>
            <Button disabled={!comment} onClick={() => decide.mutate('returned')}>{t('review:return')}</Button>
          </div>
        </>
      )}
    </>
  );
}
