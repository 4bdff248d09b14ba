import { Textarea } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Read } from '../../api/contract';
import type { Command } from '../../domain/keymap';
import { formatNumber } from '../../ui/format';
import { useStore } from '../../ui/store';
import { StateMark } from '../../ui/StateMark';
import { CommandButton } from './CommandButton';
import type { ReadingSession } from './readingSession';
import { READ_COLOURS } from './shownReads';
import type { Overlay } from './readingState';

const OVERLAYS: [Overlay, Command, string][] = [
  ['A', 'showA', READ_COLOURS.A],
  ['B', 'showB', READ_COLOURS.B],
  ['difference', 'difference', READ_COLOURS.both],
];

/** How far two hidden readers are apart, where, and what the third makes of it. */
export function AdjudicationPanel({ read, session, run }: { read: Read; session: ReadingSession; run: (command: Command) => void }) {
  const { t, i18n } = useTranslation();
  const overlays = useStore(session.store, (state) => state.overlays);
  const items = useStore(session.store, (state) => state.disagreements);
  const slice = useStore(session.store, (state) => state.slice);
  const rationale = useStore(session.store, (state) => state.rationale);
  const signed = useStore(session.store, (state) => state.signed);
  const ready = useStore(session.store, (state) => state.ready);
  const busy = useStore(session.store, (state) => state.busy);
  const fixed = signed || !ready;
  return (
    <section className="ws-section" data-adjudication>
      <h2>{t('reading:adjudication')}</h2>
      {read.adjudication?.agreement.map((entry) => (
        <div key={`${entry.class_number}${entry.name}`} className="row between">
          <span>
            {t('reading:agreementLine', {
              name: entry.name,
              metric: t(`ui:metric.${entry.metric}`, { defaultValue: entry.metric }),
              value: formatNumber(entry.value, i18n.language),
              limit: formatNumber(entry.limit, i18n.language),
            })}
          </span>
          <StateMark state={entry.concordant ? 'concordant' : 'discordant'} />
        </div>
      ))}
      <div className="ws-tools" style={{ gridTemplateColumns: '1fr 1fr 1fr' }}>
        {OVERLAYS.map(([name, command, colour]) => (
          <CommandButton key={name} command={command} run={run} pressed={overlays[name]} label={<><i className="swatch" style={{ background: colour }} aria-hidden /> {t(`reading:overlay.${name}`)}</>} />
        ))}
      </div>
      <h3>{t('reading:disagreements')}</h3>
      {ready && items.length === 0 && <p className="dim">{t('reading:noDisagreement')}</p>}
      <div className="ws-items">
        {items.map((item) => (
          <button key={item.slice} type="button" className="ws-item" aria-pressed={item.slice === slice} onClick={() => session.setSlice(item.slice)}>
            <span>{t('reading:disagreementRow', { slice: item.slice + 1 })}</span>
            <span className="num" style={{ color: READ_COLOURS.A }}>{t('reading:onlyA', { count: item.onlyA })}</span>
            <span className="num" style={{ color: READ_COLOURS.B }}>{t('reading:onlyB', { count: item.onlyB })}</span>
          </button>
        ))}
      </div>
      <CommandButton command="nextDisagreement" run={run} disabled={items.length === 0} />
      <div className="ws-tools">
        <CommandButton command="takeA" run={run} disabled={fixed} label={t('reading:takeSliceA')} />
        <CommandButton command="takeB" run={run} disabled={fixed} label={t('reading:takeSliceB')} />
        <CommandButton command="merge" run={run} disabled={fixed} label={t('reading:merge')} />
        <CommandButton command="redraw" run={run} disabled={fixed} label={t('reading:redraw')} />
        <button type="button" className="ws-btn" data-adopt="A" disabled={fixed || busy !== null} onClick={() => void session.adopt('A')}><span>{t('reading:adoptA')}</span></button>
        <button type="button" className="ws-btn" data-adopt="B" disabled={fixed || busy !== null} onClick={() => void session.adopt('B')}><span>{t('reading:adoptB')}</span></button>
      </div>
      <Textarea
        size="xs"
        autosize
        minRows={2}
        label={t('reading:rationale')}
        description={read.charter.rationale_required ? t('reading:rationaleRequired') : undefined}
        disabled={signed}
        value={rationale}
        onChange={(event) => session.store.set({ rationale: event.currentTarget.value })}
      />
    </section>
  );
}
