import { useDocumentTitle } from '@mantine/hooks';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Read } from '../../api/contract';
import { commandFor, type Command } from '../../domain/keymap';
import { useStore } from '../../ui/store';
import { PANES, type PaneId } from '../../viewer/stage';
import { CheatSheet } from './CheatSheet';
import { FlagDialog } from './FlagDialog';
import { LeftPanel } from './LeftPanel';
import { Panes } from './Panes';
import { ReadingSession } from './readingSession';
import { RightPanel } from './RightPanel';
import { runCommand } from './runCommand';
import { StatusLine } from './StatusLine';
import { TopLine } from './TopLine';

interface WorkstationProps {
  read: Read;
  tenant: string;
  userId: string;
  render: string | null;
}

/** The reader's workstation: panes, panels and lines around one `ReadingSession`. */
export function Workstation({ read, tenant, userId, render }: WorkstationProps) {
  const { t } = useTranslation();
  useDocumentTitle(`${read.case.label} · Fiducial`);
  const navigate = useNavigate();
  const elements = useRef<Partial<Record<PaneId, HTMLDivElement>>>({});
  const [dialog, setDialog] = useState<'help' | 'flag' | null>(null);
  const [session, setSession] = useState<ReadingSession | null>(null);
  const layout = useLayout(session);

  useEffect(() => {
    const opened = new ReadingSession(read, tenant, userId, render);
    setSession(opened);
    void opened.start(elements.current);
    const observer = new ResizeObserver(() => opened.resize());
    for (const element of Object.values(elements.current)) if (element) observer.observe(element);
    return () => {
      observer.disconnect();
      opened.close();
    };
  }, [read, tenant, userId, render]);

  const acts = useMemo(
    () => ({
      openDialog: setDialog,
      goTo: (readId: string | null) =>
        void navigate({
          to: readId ? `/t/${tenant}/read/${readId}` : `/t/${tenant}/worklist`,
          search: readId && render ? { render } : {},
        } as never),
    }),
    [navigate, tenant, render],
  );
  const run = (command: Command) => {
    if (session) void runCommand(command, session, acts);
  };
  useKeys(dialog === null, run, session);
  useDarkRoom();

  return (
    <div className="ws" data-maximised={layout.maximised} data-read={read.id}>
      <TopLine read={read} session={session} run={run} />
      <LeftPanel read={read} session={session} run={run} />
      <Panes session={session} layout={layout.layout} elements={elements.current} panes={PANES[layout.layout]} />
      <RightPanel read={read} session={session} run={run} />
      <StatusLine session={session} />
      <CheatSheet opened={dialog === 'help'} adjudication={read.adjudication !== null} onClose={() => setDialog(null)} />
      <FlagDialog opened={dialog === 'flag'} session={session} onClose={() => setDialog(null)} onFlagged={() => acts.goTo(null)} />
      <span className="sr-only" aria-live="polite">{layout.ready ? '' : t('reading:loading')}</span>
    </div>
  );
}

/** The workstation is dark whatever the office pages are. */
function useDarkRoom(): void {
  useEffect(() => {
    const root = document.documentElement;
    const before = root.getAttribute('data-mantine-color-scheme');
    root.setAttribute('data-mantine-color-scheme', 'dark');
    return () => {
      if (before) root.setAttribute('data-mantine-color-scheme', before);
    };
  }, []);
}

const IDLE = { get: () => null, set: () => undefined, subscribe: () => () => undefined };

function useLayout(session: ReadingSession | null) {
  const store = session?.store ?? (IDLE as unknown as ReadingSession['store']);
  return {
    layout: useStore(store, (state) => state?.layout ?? 'stack'),
    maximised: useStore(store, (state) => state?.maximised ?? false),
    ready: useStore(store, (state) => state?.ready ?? false),
  };
}

/** One listener for the whole keymap; typing into a field is typing. */
function useKeys(enabled: boolean, run: (command: Command) => void, session: ReadingSession | null): void {
  const latest = useRef(run);
  latest.current = run;
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      session?.act();
      const target = event.target as HTMLElement;
      const typing = target.closest('textarea, select, input:not([type=range]):not([type=radio]):not([type=checkbox]), [contenteditable=true]');
      const command = commandFor(event);
      if (!enabled || !command || (typing && command !== 'submit')) return;
      // Tab cycles findings on the image; inside the panels it moves the focus as everywhere
      if (command === 'nextSegment' && target.closest('.ws-right, .ws-left, .ws-top')) return;
      if (command === 'maximise' && target.closest('button, input')) return;
      event.preventDefault();
      latest.current(command);
    };
    const onActivity = () => session?.act();
    window.addEventListener('keydown', onKeyDown);
    for (const type of ['pointermove', 'wheel', 'pointerdown']) window.addEventListener(type, onActivity, { passive: true });
    return () => {
      window.removeEventListener('keydown', onKeyDown);
      for (const type of ['pointermove', 'wheel', 'pointerdown']) window.removeEventListener(type, onActivity);
    };
  }, [enabled, session]);
}
