import { Button, Checkbox, NumberInput, Select, Textarea } from '@mantine/core';
import { useParams } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Charter, CharterStage } from '../../api/contract';
import { useAct, useApi } from '../../api/hooks';
import { Loaded, ProblemNotice } from '../../ui/Messages';

const FRESH: Charter = {
  version: 0, task_sentence: '',
  stages: [
    { key: 'read', kind: 'read', readers: 2, blinded: true, lease_s: 4 * 3600 },
    { key: 'adjudicate', kind: 'adjudicate', readers: 1, blinded: true, lease_s: 4 * 3600 },
  ],
  agreement: { metric: 'dice', threshold: 0.8 }, consensus: { algorithm: 'majority' }, rationale_required: true, sample_review: 0,
};

/** How the project is read: readers, blinding, when they agree, who settles it. */
export function CharterPage() {
  const { t } = useTranslation();
  const { project = '' } = useParams({ strict: false }) as { project?: string };
  const path = `/api/v1/projects/${project}/charter`;
  const charter = useApi<Charter>(path);
  const current = charter.error?.status === 404 ? FRESH : charter.data;
  const [draft, setDraft] = useState<Charter | null>(null);
  useEffect(() => setDraft(current ?? null), [current]);
  const save = useAct<Charter, Charter>(({ version: _version, ...body }) => ({ path, method: 'PUT', body }), [path]);
  const change = (changes: Partial<Charter>) => draft && setDraft({ ...draft, ...changes });
  const changeStages = (changes: Partial<CharterStage>, kind?: CharterStage['kind']) =>
    draft && change({ stages: draft.stages.map((stage) => (!kind || stage.kind === kind ? { ...stage, ...changes } : stage)) });
  return (
    <div className="page-body stack" style={{ paddingTop: 16, maxWidth: 640 }}>
      <Loaded value={draft ?? undefined} problem={charter.error} onRetry={() => void charter.refetch()}>
        {(value) => (
          <>
            <span className="dim">{value.version ? t('projects:version', { version: value.version }) : t('projects:noCharter')} · {t('projects:versionHint')}</span>
            <Textarea label={t('projects:taskSentence')} autosize minRows={2} value={value.task_sentence} onChange={(event) => change({ task_sentence: event.currentTarget.value })} />
            <NumberInput label={t('projects:readers')} min={1} max={9} value={value.stages.find((stage) => stage.kind === 'read')?.readers ?? 2} onChange={(readers) => changeStages({ readers: Number(readers) }, 'read')} />
            <NumberInput label={t('projects:threshold')} min={0} max={1} step={0.05} decimalScale={2} value={value.agreement.threshold} onChange={(threshold) => change({ agreement: { ...value.agreement, threshold: Number(threshold) } })} />
            <Select label={t('projects:consensus')} allowDeselect={false} value={value.consensus.algorithm} data={[{ value: 'majority', label: t('projects:majority') }, { value: 'staple', label: t('projects:staple') }]} onChange={(algorithm) => change({ consensus: { algorithm: algorithm === 'staple' ? 'staple' : 'majority' } })} />
            <NumberInput label={t('projects:lease')} min={0.25} max={72} step={0.5} value={(value.stages[0]?.lease_s ?? 14400) / 3600} onChange={(hours) => changeStages({ lease_s: Math.round(Number(hours) * 3600) })} />
            <NumberInput label={t('projects:sample')} min={0} max={1} step={0.05} value={value.sample_review} onChange={(share) => change({ sample_review: Number(share) })} />
            <Checkbox label={t('projects:rationale')} checked={value.rationale_required} onChange={(event) => change({ rationale_required: event.currentTarget.checked })} />
            <ProblemNotice problem={save.error} />
            <div><Button variant="filled" loading={save.isPending} onClick={() => save.mutate(value)}>{t('projects:saveNext', { version: value.version + 1 })}</Button></div>
          </>
        )}
      </Loaded>
    </div>
  );
}
