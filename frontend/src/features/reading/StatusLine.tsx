import { IconAlertTriangle, IconCircleCheck, IconCloudOff, IconDeviceFloppy } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { SaveStatus } from '../../domain/autosave';
import { formatDuration, formatNumber } from '../../ui/format';
import { useStore } from '../../ui/store';
import type { ReadingSession } from './readingSession';

const ORDER: SaveStatus['state'][] = ['conflict', 'failed', 'kept', 'saving', 'waiting', 'saved'];
const TONE: Record<SaveStatus['state'], [string, typeof IconCircleCheck]> = {
  saved: ['settled', IconCircleCheck],
  saving: ['act', IconDeviceFloppy],
  waiting: ['act', IconDeviceFloppy],
  kept: ['person', IconCloudOff],
  conflict: ['person', IconAlertTriangle],
  failed: ['danger', IconAlertTriangle],
};

export function worstOf(a: SaveStatus, b: SaveStatus): SaveStatus {
  return ORDER.indexOf(a.state) <= ORDER.indexOf(b.state) ? a : b;
}

/** Slice, position, window, value, save state, reading time: always there, always in the same place. */
export function StatusLine({ session }: { session: ReadingSession | null }) {
  return <footer className="ws-bottom">{session && <Status session={session} />}</footer>;
}

function Status({ session }: { session: ReadingSession }) {
  const { t, i18n } = useTranslation();
  const { store } = session;
  const slice = useStore(store, (state) => state.slice);
  const slices = useStore(store, (state) => state.slices);
  const position = useStore(store, (state) => state.position_mm);
  const window = useStore(store, (state) => state.window);
  const probe = useStore(store, (state) => state.probe);
  const unit = useStore(store, (state) => state.unit);
  const counts = useStore(store, (state) => state.counts);
  const firstImage = useStore(store, (state) => state.firstImage_ms);
  const lastImage = useStore(store, (state) => state.lastImage_ms);
  const loaded = useStore(store, (state) => state.loadedImages);
  const ready = useStore(store, (state) => state.ready);
  const number = (value: number, digits: number) => formatNumber(value, i18n.language, digits);
  return (
    <>
      <Fact label={t('reading:slice')} width={96} testId="slice" value={`${slice + 1} / ${slices}`} />
      <Fact label={t('reading:position')} width={140} value={position === null ? '–' : `${number(position, 1)} mm`} />
      <Fact label={t('reading:window')} width={150} testId="window" value={`${number(window.width, 0)} / ${number(window.center, 0)}`} />
      <Fact label={t('reading:value')} width={180} value={probe?.value == null ? '–' : `${number(probe.value, 0)} ${unit} (${probe.column}, ${probe.row})`} />
      <span className="grow" />
      <SaveMark session={session} />
      <ReadingTime session={session} />
      <output
        hidden
        id="viewer-state"
        data-ready={ready}
        data-slice={slice}
        data-slices={slices}
        data-loaded={loaded}
        data-counts={JSON.stringify(counts)}
        data-first-image-ms={firstImage ?? ''}
        data-last-image-ms={lastImage ?? ''}
      />
    </>
  );
}

function Fact({ label, value, width, testId }: { label: string; value: string; width: number; testId?: string }) {
  return (
    <span className="fixed" style={{ minWidth: width }} {...(testId ? { 'data-fact': testId } : {})}>
      <span className="dim">{label}</span>
      <b>{value}</b>
    </span>
  );
}

function SaveMark({ session }: { session: ReadingSession }) {
  const { t } = useTranslation();
  const drawing = useStore(session.store, (state) => state.save);
  const answers = useStore(session.store, (state) => state.answersSave);
  const worst = worstOf(drawing, answers);
  const [tone, Mark] = TONE[worst.state];
  return (
    <span className={`state ${tone}`} data-save-state={worst.state} data-revision={drawing.revision} role="status">
      <Mark size={14} stroke={1.5} aria-hidden />
      {t(`reading:save.${worst.state}`, { revision: drawing.revision })}
    </span>
  );
}

function ReadingTime({ session }: { session: ReadingSession }) {
  const { t } = useTranslation();
  const seconds = useStore(session.store, (state) => state.activeReading_s);
  return <Fact label={t('reading:readingTime')} width={120} testId="reading-time" value={formatDuration(seconds)} />;
}
