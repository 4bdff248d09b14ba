import { Button, Select, Textarea } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiProblem } from '../../api/client';
import { Dialog } from '../../ui/Dialog';
import { ProblemNotice } from '../../ui/Messages';
import type { ReadingSession } from './readingSession';

const CODES = ['image-quality', 'wrong-anatomy', 'identity-visible', 'not-readable', 'other'] as const;

interface FlagDialogProps {
  opened: boolean;
  session: ReadingSession | null;
  onClose: () => void;
  onFlagged: () => void;
}

/** Takes the case out of the queue with a reason that a manager can act on. */
export function FlagDialog({ opened, session, onClose, onFlagged }: FlagDialogProps) {
  const { t } = useTranslation();
  const [code, setCode] = useState<string>(CODES[0]);
  const [text, setText] = useState('');
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const send = async () => {
    try {
      await session?.api.flag(code, text);
      onFlagged();
    } catch (error) {
      setProblem(error instanceof ApiProblem ? error : new ApiProblem(0, { code: 'network' }));
    }
  };
  return (
    <Dialog opened={opened} onClose={onClose} title={t('reading:flagTitle')}>
      <div className="stack">
        <Select
          label={t('reading:flagWhat')}
          data={CODES.map((value) => ({ value, label: t(`reading:flagCode.${value}`) }))}
          value={code}
          allowDeselect={false}
          onChange={(value) => setCode(value ?? CODES[0])}
        />
        <Textarea label={t('reading:flagText')} description={t('reading:flagHint')} autosize minRows={3} value={text} onChange={(event) => setText(event.currentTarget.value)} />
        <ProblemNotice problem={problem} />
        <div className="row">
          <Button variant="filled" onClick={() => void send()}>{t('reading:flagSend')}</Button>
          <Button onClick={onClose}>{t('ui:cancel')}</Button>
        </div>
      </div>
    </Dialog>
  );
}
