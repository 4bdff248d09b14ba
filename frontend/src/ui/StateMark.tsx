import {
  IconAlertTriangle,
  IconCircle,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleX,
  IconHandStop,
  IconPlayerPlay,
  type Icon,
} from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';

type Tone = 'quiet' | 'act' | 'person' | 'danger' | 'settled';

const MARKS: Record<string, [Tone, Icon]> = {
  settled: ['settled', IconCircleCheck],
  done: ['settled', IconCircleCheck],
  ready: ['settled', IconCircleCheck],
  ok: ['settled', IconCircleCheck],
  admitted: ['settled', IconCircleCheck],
  published: ['settled', IconCircleCheck],
  allowed: ['quiet', IconCircleCheck],
  submitted: ['settled', IconCircleCheck],
  signed: ['settled', IconCircleCheck],
  concordant: ['settled', IconCircleCheck],
  held: ['person', IconHandStop],
  discordant: ['person', IconAlertTriangle],
  adjudicating: ['person', IconAlertTriangle],
  flagged: ['person', IconAlertTriangle],
  warning: ['person', IconAlertTriangle],
  refused: ['danger', IconCircleX],
  failed: ['danger', IconCircleX],
  error: ['danger', IconCircleX],
  critical: ['danger', IconCircleX],
  withdrawn: ['danger', IconCircleX],
  running: ['act', IconPlayerPlay],
  reading: ['act', IconPlayerPlay],
  claimed: ['act', IconPlayerPlay],
  receiving: ['act', IconPlayerPlay],
  processing: ['act', IconPlayerPlay],
  open: ['act', IconCircle],
  waiting: ['quiet', IconCircleDashed],
  queued: ['quiet', IconCircleDashed],
};

/** A state as icon, word and tone: colour never stands alone. */
export function StateMark({ state, label }: { state: string; label?: string }) {
  const { t } = useTranslation();
  const [tone, Mark] = MARKS[state] ?? (['quiet', IconCircle] as const);
  return (
    <span className={`state ${tone}`} data-state={state}>
      <Mark size={14} stroke={1.5} aria-hidden />
      {label ?? t(`ui:state.${state}`, { defaultValue: state })}
    </span>
  );
}
