import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { ApiProblem } from '../../api/client';
import type { Read } from '../../api/contract';
import type { Command } from '../../domain/keymap';
import { formatCount } from '../../ui/format';
import { ProblemNotice } from '../../ui/Messages';
import { useStore } from '../../ui/store';
import { AdjudicationPanel } from './AdjudicationPanel';
import { Questions } from './Questions';
import type { ReadingSession } from './readingSession';
import { worstOf } from './StatusLine';

/** What needs the reader first, then findings and questions in the charter's order. */
export function RightPanel({ read, session, run }: { read: Read; session: ReadingSession | null; run: (command: Command) => void }) {
  const { t } = useTranslation();
  return (
    <aside className="ws-right" aria-label={t('reading:findings')}>
      {session && (
        <>
          <Notices session={session} />
          {read.adjudication && <AdjudicationPanel read={read} session={session} run={run} />}
          <Findings read={read} session={session} />
          <Questions read={read} session={session} />
        </>
      )}
    </aside>
  );
}

function Notices({ session }: { session: ReadingSession }) {
  const { t } = useTranslation();
  const problem = useStore(session.store, (state) => state.problem);
  const missing = useStore(session.store, (state) => state.missing);
  const hint = useStore(session.store, (state) => state.hint);
  const signed = useStore(session.store, (state) => state.signed);
  const drawing = useStore(session.store, (state) => state.save);
  const answers = useStore(session.store, (state) => state.answersSave);
  const worst = worstOf(drawing, answers);
  return (
    <>
      {problem instanceof ApiProblem && <ProblemNotice problem={problem} />}
      {problem && !(problem instanceof ApiProblem) && (
        <div className="notice danger" role="alert">{t('reading:failed')} <span className="dim">{problem.message}</span></div>
      )}
      {signed && <div className="notice" role="status">{t('reading:signed')}</div>}
      {worst.state === 'conflict' && (
        <div className="notice stack tight" role="alert" data-notice="conflict">
          <strong>{t('reading:conflictTitle')}</strong>
          <span className="dim">{t('reading:conflictText', { head: worst.headRevision, base: worst.revision })}</span>
          <div className="row">
            <Button onClick={() => void session.resolveConflict(true)}>{t('reading:keepMine')}</Button>
            <Button onClick={() => void session.resolveConflict(false)}>{t('reading:takeTheirs')}</Button>
          </div>
        </div>
      )}
      {(worst.state === 'kept' || worst.state === 'failed') && (
        <div className={`notice stack tight${worst.state === 'failed' ? ' danger' : ''}`} role="alert" data-notice="kept">
          <span>{t(`reading:save.${worst.state}`)}</span>
          {worst.state === 'failed' && <span className="dim">{worst.detail}</span>}
          <div><Button onClick={() => session.retrySave()}>{t('reading:retry')}</Button></div>
        </div>
      )}
      {missing.length > 0 && (
        <div className="notice stack tight" role="alert" data-notice="missing">
          <strong>{t('reading:missingTitle')}</strong>
          {missing.map((line) => <span key={line}>{line}</span>)}
        </div>
      )}
      {hint && <div className="notice" role="alert">{t(`reading:${hint}`)}</div>}
    </>
  );
}

function Findings({ read, session }: { read: Read; session: ReadingSession }) {
  const { t, i18n } = useTranslation();
  const segment = useStore(session.store, (state) => state.segment);
  const counts = useStore(session.store, (state) => state.counts);
  const nothingFound = useStore(session.store, (state) => state.nothingFound);
  return (
    <section className="ws-section">
      <h2>{t('reading:findings')}</h2>
      {read.label_schema.classes.map((entry) => {
        const count = counts[entry.number] ?? 0;
        return (
          <button key={entry.number} type="button" className="ws-class" aria-pressed={segment === entry.number} data-class={entry.number} onClick={() => session.chooseSegment(entry.number)}>
            <i className="swatch" style={{ background: entry.colour }} aria-hidden />
            <span className="clip" title={entry.name}>{entry.name}{entry.required && <span className="dim"> · {t('reading:required')}</span>}</span>
            <span className="dim num">{count ? t('reading:voxels', { count: count, formatted: formatCount(count, i18n.language) }) : t('reading:nothingDrawn')}</span>
          </button>
        );
      })}
      {nothingFound && <div className="notice"><strong>{t('reading:nothingFound')}</strong> <span className="dim">{t('reading:nothingHint')}</span></div>}
    </section>
  );
}
