import { Link } from '@tanstack/react-router';
import { IconArrowLeft } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Read } from '../../api/contract';
import { useTenantSlug } from '../../api/session';
import type { Command } from '../../domain/keymap';
import { useStore } from '../../ui/store';
import { CommandButton } from './CommandButton';
import type { ReadingSession } from './readingSession';

/** Which case, what is asked, and the four acts that end it. */
export function TopLine({ read, session, run }: { read: Read; session: ReadingSession | null; run: (command: Command) => void }) {
  const { t } = useTranslation();
  const tenant = useTenantSlug();
  return (
    <header className="ws-top">
      <Link to={`/t/${tenant}/worklist`} aria-label={t('reading:back')} className="row">
        <IconArrowLeft size={16} stroke={1.5} />
      </Link>
      <span className="row" style={{ flex: 'none' }}>
        <i className="swatch" style={{ background: read.project.colour }} aria-hidden />
        <strong>{read.case.label}</strong>
        <span className="dim">{t('reading:caseOf', { number: read.case.number, total: read.case.total })}</span>
      </span>
      <h1 className="clip grow" style={{ fontSize: 13, fontWeight: 400 }} title={read.task_sentence}>{read.task_sentence}</h1>
      <CommandButton command="help" run={run} />
      <CommandButton command="flag" run={run} />
      {session && <EndingActs session={session} run={run} />}
    </header>
  );
}

function EndingActs({ session, run }: { session: ReadingSession; run: (command: Command) => void }) {
  const nothingFound = useStore(session.store, (state) => state.nothingFound);
  const busy = useStore(session.store, (state) => state.busy);
  const signed = useStore(session.store, (state) => state.signed);
  return (
    <>
      <CommandButton command="nothing" run={run} pressed={nothingFound} disabled={signed} />
      <CommandButton command="next" run={run} disabled={busy !== null} />
      <CommandButton command="submit" run={run} primary disabled={busy !== null || signed} />
    </>
  );
}
