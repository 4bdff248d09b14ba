import { Button, Checkbox, ColorInput, Select, Textarea, TextInput } from '@mantine/core';
import { useParams } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Concept, LabelClass, LabelSchema, Question } from '../../api/contract';
import { useAct, useApi } from '../../api/hooks';
import { Loaded, ProblemNotice } from '../../ui/Messages';

const FRESH: LabelSchema = { version: 0, classes: [], questions: [] };
/** Recommended display colours that stay apart for colour-blind readers on a grey image. */
const PALETTE = ['#e8524a', '#4aa3e8', '#e8b84a', '#3fbf9b', '#b07ae0', '#e07ab0', '#8fc14a', '#e8894a'];
const KINDS = ['single_choice', 'multiple_choice', 'number', 'text', 'boolean'] as const;

const conceptText = (concept: Concept | null | undefined) =>
  concept ? [concept.value, concept.scheme_designator, concept.meaning].join(', ') : '';

function conceptOf(text: string): Concept | null {
  const [value = '', scheme_designator = '', ...meaning] = text.split(',').map((part) => part.trim());
  return value ? { value, scheme_designator, meaning: meaning.join(', ') } : null;
}

/** What readers mark and answer. Saving makes the next version. */
export function LabelsPage() {
  const { t } = useTranslation();
  const { project = '' } = useParams({ strict: false }) as { project?: string };
  const path = `/api/v1/projects/${project}/label-schema`;
  const schema = useApi<LabelSchema>(path);
  const current = schema.error?.status === 404 ? FRESH : schema.data;
  const [draft, setDraft] = useState<LabelSchema | null>(null);
  useEffect(() => setDraft(current ?? null), [current]);
  const save = useAct<LabelSchema, LabelSchema>(({ classes, questions }) => ({ path, method: 'PUT', body: { classes, questions } }), [path]);
  const setClass = (index: number, changes: Partial<LabelClass>) =>
    draft && setDraft({ ...draft, classes: draft.classes.map((entry, at) => (at === index ? { ...entry, ...changes } : entry)) });
  const setQuestion = (index: number, changes: Partial<Question>) =>
    draft && setDraft({ ...draft, questions: draft.questions.map((entry, at) => (at === index ? { ...entry, ...changes } : entry)) });
  return (
    <div className="page-body stack" style={{ paddingTop: 16 }}>
      <Loaded value={draft ?? undefined} problem={schema.error} onRetry={() => void schema.refetch()}>
        {(value) => (
          <>
            <div className="row between wrap">
              <span className="dim">{value.version ? t('projects:version', { version: value.version }) : t('projects:noSchema')} · {t('projects:versionHint')}</span>
              <Button variant="filled" loading={save.isPending} onClick={() => save.mutate(value)}>{t('projects:saveNext', { version: value.version + 1 })}</Button>
            </div>
            <ProblemNotice problem={save.error} />
            <h2>{t('projects:classes')}</h2>
            {value.classes.map((entry, index) => (
              <ClassRow key={index} entry={entry} onChange={(changes) => setClass(index, changes)} onRemove={() => setDraft({ ...value, classes: value.classes.filter((_, at) => at !== index) })} />
            ))}
            <div><Button onClick={() => setDraft({ ...value, classes: [...value.classes, newClass(value.classes)] })}>{t('projects:addClass')}</Button></div>
            <h2 className="hair-top">{t('projects:questions')}</h2>
            {value.questions.map((entry, index) => (
              <QuestionRow key={index} entry={entry} onChange={(changes) => setQuestion(index, changes)} onRemove={() => setDraft({ ...value, questions: value.questions.filter((_, at) => at !== index) })} />
            ))}
            <div>
              <Button onClick={() => setDraft({ ...value, questions: [...value.questions, { key: `question_${value.questions.length + 1}`, text: '', kind: 'boolean', level: 'study', required: false, choices: [] }] })}>
                {t('projects:addQuestion')}
              </Button>
            </div>
          </>
        )}
      </Loaded>
    </div>
  );
}

function newClass(classes: LabelClass[]): LabelClass {
  const number = Math.max(0, ...classes.map((entry) => entry.number)) + 1;
  return {
    number, name: '', colour: PALETTE[(number - 1) % PALETTE.length] ?? '#e8524a', required: false, geometry_kinds: ['segmentation'],
    category: { value: '49755003', scheme_designator: 'SCT', meaning: 'Morphologically Abnormal Structure' },
    type: { value: '', scheme_designator: 'SCT', meaning: '' }, anatomic_region: null, laterality: null,
  };
}

function ClassRow({ entry, onChange, onRemove }: { entry: LabelClass; onChange: (changes: Partial<LabelClass>) => void; onRemove: () => void }) {
  const { t } = useTranslation();
  const concept = (field: 'category' | 'type') => (
    <TextInput
      size="xs" className="grow" label={t(`projects:${field}`)} description={t('projects:codeHint')} defaultValue={conceptText(entry[field])}
      onBlur={(event) => onChange({ [field]: conceptOf(event.currentTarget.value) ?? entry[field] })}
    />
  );
  return (
    <div className="row wrap hair-top" style={{ alignItems: 'flex-end' }}>
      <span className="num" style={{ width: 24, paddingBottom: 6 }}>{entry.number}</span>
      <TextInput size="xs" label={t('projects:name')} value={entry.name} w={160} maxLength={64} onChange={(event) => onChange({ name: event.currentTarget.value })} />
      <ColorInput size="xs" label={t('projects:colour')} value={entry.colour} w={110} swatches={PALETTE} withEyeDropper={false} onChange={(colour) => onChange({ colour })} />
      {concept('category')}
      {concept('type')}
      <TextInput size="xs" className="grow" label={t('projects:region')} description={t('projects:codeHint')} defaultValue={conceptText(entry.anatomic_region)} onBlur={(event) => onChange({ anatomic_region: conceptOf(event.currentTarget.value) })} />
      <Checkbox size="xs" label={t('projects:required')} checked={entry.required} onChange={(event) => onChange({ required: event.currentTarget.checked })} style={{ paddingBottom: 6 }} />
      <Button variant="subtle" onClick={onRemove}>{t('ui:remove')}</Button>
    </div>
  );
}

function QuestionRow({ entry, onChange, onRemove }: { entry: Question; onChange: (changes: Partial<Question>) => void; onRemove: () => void }) {
  const { t } = useTranslation();
  const lines = (entry.choices ?? []).map((choice) => `${choice.key} = ${choice.text}`).join('\n');
  const choicesOf = (text: string) =>
    text.split('\n').map((line) => line.split('=')).filter(([key]) => key?.trim())
      .map(([key = '', ...rest]) => ({ key: key.trim(), text: rest.join('=').trim() || key.trim() }));
  return (
    <div className="row wrap hair-top" style={{ alignItems: 'flex-end' }}>
      <TextInput size="xs" label={t('projects:key')} w={140} value={entry.key} onChange={(event) => onChange({ key: event.currentTarget.value })} />
      <TextInput size="xs" className="grow" label={t('projects:text')} value={entry.text} onChange={(event) => onChange({ text: event.currentTarget.value })} />
      <Select size="xs" w={170} label={t('projects:kind')} allowDeselect={false} value={entry.kind} data={KINDS.map((kind) => ({ value: kind, label: t(`projects:kinds.${kind}`) }))} onChange={(kind) => onChange({ kind: (kind ?? 'text') as Question['kind'] })} />
      {entry.kind.endsWith('choice') && <Textarea size="xs" className="grow" autosize minRows={2} label={t('projects:choices')} defaultValue={lines} onBlur={(event) => onChange({ choices: choicesOf(event.currentTarget.value) })} />}
      <Checkbox size="xs" label={t('projects:required')} checked={entry.required} onChange={(event) => onChange({ required: event.currentTarget.checked })} style={{ paddingBottom: 6 }} />
      <Button variant="subtle" onClick={onRemove}>{t('ui:remove')}</Button>
    </div>
  );
}
