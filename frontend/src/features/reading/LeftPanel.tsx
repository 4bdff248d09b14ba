import { useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import type { Read, ReadSeries } from '../../api/contract';
import type { Command } from '../../domain/keymap';
import { presetsFor } from '../../domain/presets';
import { useStore } from '../../ui/store';
import { StateMark } from '../../ui/StateMark';
import { CommandButton } from './CommandButton';
import type { ReadingSession } from './readingSession';

const TOOLS = ['brush', 'eraser', 'window', 'pan', 'length', 'crosshair'] as const;

/** Series, tools and windows. */
export function LeftPanel({ read, session, run }: { read: Read; session: ReadingSession | null; run: (command: Command) => void }) {
  const { t } = useTranslation();
  return (
    <nav className="ws-left" aria-label={t('reading:series')} tabIndex={-1}>
      <div className="ws-section">
        <h2>{t('reading:series')}</h2>
        {read.series.length === 0 && <p className="dim">{t('reading:noSeries')}</p>}
        {read.series.map((series) => (
          <Thumbnail key={series.series_instance_uid} read={read} series={series} session={session} />
        ))}
      </div>
      {session && <Tools session={session} run={run} />}
    </nav>
  );
}

function Thumbnail({ read, series, session }: { read: Read; series: ReadSeries; session: ReadingSession | null }) {
  const { t } = useTranslation();
  const open = useSeriesOpen(session, series.series_instance_uid);
  return (
    <button
      type="button"
      className="ws-thumb"
      aria-pressed={open}
      data-series={series.series_instance_uid}
      onClick={() => void session?.openSeries(series.series_instance_uid)}
    >
      <img
        src={`${read.dicomweb_root}/studies/${read.study_instance_uid}/series/${series.series_instance_uid}/thumbnail`}
        alt=""
        loading="lazy"
      />
      <span className="stack tight">
        <strong className="clip">{series.modality} {series.number ?? ''}</strong>
        <span className="clip dim" title={series.description}>{series.description}</span>
        <span className="dim">{t('reading:images', { count: series.instance_count })}</span>
        {series.quality.worst !== 'ok' && <StateMark state={series.quality.worst} />}
      </span>
    </button>
  );
}

function useSeriesOpen(session: ReadingSession | null, seriesUid: string): boolean {
  const store = session?.store;
  return useSyncExternalStore(
    (listener) => store?.subscribe(listener) ?? (() => undefined),
    () => store?.get().seriesUid === seriesUid,
  );
}

function Tools({ session, run }: { session: ReadingSession; run: (command: Command) => void }) {
  const { t } = useTranslation();
  const { store } = session;
  const tool = useStore(store, (state) => state.tool);
  const radius = useStore(store, (state) => state.radius_mm);
  const layout = useStore(store, (state) => state.layout);
  const cine = useStore(store, (state) => state.cine);
  const labelsVisible = useStore(store, (state) => state.labelsVisible);
  const canMpr = useStore(store, (state) => state.canMpr);
  const canUndo = useStore(store, (state) => state.canUndo);
  const canRedo = useStore(store, (state) => state.canRedo);
  const signed = useStore(store, (state) => state.signed);
  const seriesUid = useStore(store, (state) => state.seriesUid);
  const current = useStore(store, (state) => state.window);
  const stack = session.document?.stack;
  const presets = seriesUid && stack ? presetsFor(stack.modality, stack.window) : [];
  return (
    <>
      <div className="ws-section">
        <div className="ws-tools">
          {TOOLS.map((name) => (
            <CommandButton key={name} command={name} run={run} pressed={tool === name} disabled={(signed && (name === 'brush' || name === 'eraser')) || (name === 'crosshair' && !canMpr)} />
          ))}
          <CommandButton command="undo" run={run} disabled={!canUndo || signed} />
          <CommandButton command="redo" run={run} disabled={!canRedo || signed} />
          <CommandButton command="hide" run={run} pressed={!labelsVisible} />
          <CommandButton command="cine" run={run} pressed={cine} />
          <CommandButton command="layout" run={run} pressed={layout === 'mpr'} disabled={!canMpr} />
        </div>
        <label className="row">
          <span className="dim" style={{ whiteSpace: 'nowrap' }}>{t('reading:brushRadius')}</span>
          <input type="range" min={0.5} max={40} step={0.5} value={radius} style={{ flex: 1, minWidth: 0 }} onChange={(event) => session.setRadius(Number(event.currentTarget.value))} />
          <span className="num" style={{ width: 54, flex: 'none' }}>{radius.toFixed(1)} mm</span>
        </label>
      </div>
      <div className="ws-section">
        <h2>{t('reading:window')}</h2>
        <div className="ws-tools">
          {presets.map((preset, index) => (
            <CommandButton
              key={preset.key}
              command={`preset${index + 1}` as Command}
              run={run}
              label={t(`reading:preset.${preset.key}`)}
              pressed={Math.round(current.center) === Math.round(preset.center) && Math.round(current.width) === Math.round(preset.width)}
            />
          ))}
        </div>
      </div>
    </>
  );
}
