import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { formatBytes, formatCount, formatDuration } from '../../ui/format';
import { ProblemNotice } from '../../ui/Messages';
import { ProgressBar } from '../../ui/Page';
import { useStore } from '../../ui/store';
import type { Uploader, UploadState } from './uploader';

function secondsLeft({ bytes, bytesDone, startedAt }: UploadState): number | null {
  const elapsed = (performance.now() - startedAt) / 1000;
  if (bytesDone === 0 || elapsed < 2) return null;
  return ((bytes - bytesDone) * elapsed) / bytesDone;
}

/** How far an upload is, what it is sending now, and what could not be sent. */
export function UploadProgress({ uploader }: { uploader: Uploader }) {
  const { t, i18n } = useTranslation();
  const state = useStore(uploader.store, (value) => value);
  if (state.phase === 'idle') return null;
  const left = secondsLeft(state);
  const line = t('intake:uploading', {
    done: formatCount(state.filesDone, i18n.language), total: formatCount(state.files, i18n.language),
    bytes: formatBytes(state.bytesDone, i18n.language), all: formatBytes(state.bytes, i18n.language),
  });
  const running = state.phase === 'sending' || state.phase === 'paused';
  return (
    <section className="stack" aria-live="polite" data-upload={state.phase}>
      {state.phase === 'preparing' && <span className="dim">{t('intake:preparing')}</span>}
      {state.phase === 'finishing' && <span className="dim">{t('intake:finishing')}</span>}
      {running && (
        <>
          <ProgressBar done={state.bytesDone} total={state.bytes} label={line} />
          <div className="row wrap">
            <span>{line}</span>
            {left !== null && <span className="dim">{t('intake:secondsLeft', { time: formatDuration(left) })}</span>}
            {state.offline && <span className="state person">{t('intake:waitingNetwork')}</span>}
            <span className="grow" />
            <Button onClick={() => uploader.togglePause()}>{t(state.phase === 'paused' ? 'intake:resume' : 'intake:pause')}</Button>
          </div>
          <div className="stack tight mono dim">{state.current.map((name) => <span key={name} className="clip">{name}</span>)}</div>
        </>
      )}
      {state.phase === 'done' && state.failures.length === 0 && <span className="state settled">{t('intake:uploaded')}</span>}
      {state.failures.length > 0 && (
        <div className="notice danger stack tight" role="alert">
          <strong>{t('intake:failedFiles', { count: state.failures.length })}</strong>
          {state.failures.slice(0, 20).map(({ name, problem }) => <span key={name}>{name}: {problem.message}</span>)}
        </div>
      )}
      <ProblemNotice problem={state.problem} />
    </section>
  );
}
