import { useTranslation } from 'react-i18next';
import { useStore } from '../../ui/store';
import type { Layout, PaneId } from '../../viewer/stage';
import type { ReadingSession } from './readingSession';

const ALL: PaneId[] = ['stack', 'axial', 'sagittal', 'coronal'];

interface PanesProps {
  session: ReadingSession | null;
  layout: Layout;
  panes: PaneId[];
  elements: Partial<Record<PaneId, HTMLDivElement>>;
}

/** The viewports. All elements stay in the page, so that no layout ever waits for React. */
export function Panes({ session, layout, panes, elements }: PanesProps) {
  const { t } = useTranslation();
  return (
    <div className="ws-panes">
      <div className="ws-planes" data-layout={layout}>
        {ALL.map((pane) => (
          <div key={pane} className="ws-pane" data-plane={pane} style={panes.includes(pane) ? undefined : { display: 'none' }}>
            <span className="tag">{pane === 'stack' ? '' : t(`reading:plane.${pane}`)}</span>
            {session && <Letters session={session} pane={pane} />}
            <div
              className="vp"
              data-pane={pane}
              ref={(element) => {
                if (element) elements[pane] = element;
              }}
            />
          </div>
        ))}
      </div>
      {session ? <SliceRail session={session} /> : <div className="ws-rail" />}
    </div>
  );
}

function Letters({ session, pane }: { session: ReadingSession; pane: PaneId }) {
  const letters = useStore(session.store, (state) => state.letters[pane]);
  if (!letters) return null;
  return (['left', 'right', 'top', 'bottom'] as const).map((edge) => (
    <span key={edge} className={`letter ${edge}`} aria-hidden>{letters[edge]}</span>
  ));
}

/** Where in the stack: this slice, what is drawn, what the readers disagree on; drag or arrow keys move. */
function SliceRail({ session }: { session: ReadingSession }) {
  const { t } = useTranslation();
  const { store } = session;
  const slice = useStore(store, (state) => state.slice);
  const slices = useStore(store, (state) => state.slices);
  const drawn = useStore(store, (state) => state.drawnSlices);
  const disagreements = useStore(store, (state) => state.disagreements);
  const loaded = useStore(store, (state) => state.loadedImages);
  const at = (index: number) => `${(100 * index) / Math.max(1, slices)}%`;
  const height = `${100 / Math.max(1, slices)}%`;
  return (
    <div className="ws-rail" title={t('reading:loaded', { loaded, total: slices })}>
      {disagreements.map((entry) => (
        <i key={`d${entry.slice}`} style={{ top: at(entry.slice), height, background: 'var(--person)', right: 11, left: 1 }} />
      ))}
      {drawn.map((index) => (
        <i key={index} style={{ top: at(index), height, background: 'var(--accent)' }} />
      ))}
      <i className="here" style={{ top: at(slice) }} />
      <input
        type="range"
        aria-label={t('reading:sliceRail')}
        min={0}
        max={Math.max(0, slices - 1)}
        value={slice}
        onChange={(event) => session.setSlice(Number(event.currentTarget.value))}
      />
    </div>
  );
}
