import { NumberInput, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { AnswerValue, Question, Read } from '../../api/contract';
import { useStore } from '../../ui/store';
import type { ReadingSession } from './readingSession';

/** The schema's questions; every change is a saved answer. */
export function Questions({ read, session }: { read: Read; session: ReadingSession }) {
  const { t } = useTranslation();
  const answers = useStore(session.store, (state) => state.answers);
  const signed = useStore(session.store, (state) => state.signed);
  if (read.label_schema.questions.length === 0) return null;
  return (
    <section className="ws-section">
      <h2>{t('reading:questions')}</h2>
      {read.label_schema.questions.map((question) => (
        <Field key={question.key} question={question} value={answers[question.key] ?? null} disabled={signed} onChange={(value) => session.answer(question.key, value)} />
      ))}
    </section>
  );
}

interface FieldProps {
  question: Question;
  value: AnswerValue;
  disabled: boolean;
  onChange: (value: AnswerValue) => void;
}

function Field({ question, value, disabled, onChange }: FieldProps) {
  const { t } = useTranslation();
  const label = `${question.text}${question.required ? ` · ${t('reading:required')}` : ''}`;
  switch (question.kind) {
    case 'boolean':
      return (
        <Choices
          name={question.key} legend={label} disabled={disabled} type="radio"
          options={[{ key: 'yes', text: t('reading:yes') }, { key: 'no', text: t('reading:no') }]}
          chosen={value === null ? [] : [value ? 'yes' : 'no']}
          onToggle={(key) => onChange(key === 'yes')}
        />
      );
    case 'single_choice':
      return <Choices name={question.key} legend={label} disabled={disabled} type="radio" options={question.choices ?? []} chosen={value === null ? [] : [String(value)]} onToggle={onChange} />;
    case 'multiple_choice': {
      const chosen = Array.isArray(value) ? value : [];
      const toggle = (key: string) => onChange(chosen.includes(key) ? chosen.filter((other) => other !== key) : [...chosen, key]);
      return <Choices name={question.key} legend={label} disabled={disabled} type="checkbox" options={question.choices ?? []} chosen={chosen} onToggle={toggle} />;
    }
    case 'number':
      return <NumberInput size="xs" label={label} disabled={disabled} value={typeof value === 'number' ? value : ''} onChange={(next) => onChange(next === '' ? null : Number(next))} />;
    case 'text':
      return <TextInput size="xs" label={label} disabled={disabled} value={typeof value === 'string' ? value : ''} onChange={(event) => onChange(event.currentTarget.value || null)} />;
  }
}

function Choices(props: {
  name: string;
  legend: string;
  type: 'radio' | 'checkbox';
  disabled: boolean;
  options: { key: string; text: string }[];
  chosen: string[];
  onToggle: (key: string) => void;
}) {
  return (
    <fieldset className="q" disabled={props.disabled} data-question={props.name}>
      <legend>{props.legend}</legend>
      {props.options.map((option) => (
        <label key={option.key} className="choice">
          <input type={props.type} name={props.name} value={option.key} checked={props.chosen.includes(option.key)} onChange={() => props.onToggle(option.key)} />
          {option.text}
        </label>
      ))}
    </fieldset>
  );
}
