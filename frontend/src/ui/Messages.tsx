import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { ReactNode } from 'react';

/** What failed and the way out, as the pages show it. */
export interface Problem {
  code: string;
  status: number;
  message: string;
  remedy: string;
  errors: { pointer: string; code: string; detail: string }[];
}

/** The words for a problem: ours where the code is known, the server's otherwise, its remedy always. */
export function useProblemText(): (problem: Problem) => { title: string; remedy: string } {
  const { t, i18n } = useTranslation();
  return (problem) => ({
    title: i18n.exists(`ui:problem.${problem.code}.title`)
      ? t(`ui:problem.${problem.code}.title`)
      : problem.status >= 500
        ? t('ui:problem.server.title')
        : problem.message,
    remedy:
      problem.remedy ||
      (i18n.exists(`ui:problem.${problem.code}.remedy`)
        ? t(`ui:problem.${problem.code}.remedy`)
        : problem.status >= 500
          ? t('ui:problem.server.remedy')
          : ''),
  });
}

export function ProblemNotice({ problem, onRetry }: { problem: Problem | null | undefined; onRetry?: () => void }) {
  const { t } = useTranslation();
  const text = useProblemText();
  if (!problem) return null;
  const { title, remedy } = text(problem);
  return (
    <div className="notice danger stack tight" role="alert" data-problem={problem.code}>
      <strong>{title}</strong>
      {remedy && <span className="dim">{remedy}</span>}
      {problem.errors.map((error) => (
        <span key={error.pointer + error.code}>{error.detail}</span>
      ))}
      {onRetry && (
        <div>
          <Button onClick={onRetry}>{t('ui:retry')}</Button>
        </div>
      )}
    </div>
  );
}

export function EmptyState({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="message" data-empty>
      <h2>{title}</h2>
      {children && <p className="dim">{children}</p>}
      {action}
    </div>
  );
}

/** Content of one resource: its problem, its skeleton while nothing was read yet, or itself. */
export function Loaded<Value>(props: {
  value: Value | undefined;
  problem: Problem | null;
  onRetry?: () => void;
  children: (value: Value) => ReactNode;
}) {
  const { t } = useTranslation();
  if (props.value !== undefined) return <>{props.children(props.value)}</>;
  if (props.problem) {
    return (
      <div style={{ padding: 16 }}>
        <ProblemNotice problem={props.problem} {...(props.onRetry ? { onRetry: props.onRetry } : {})} />
      </div>
    );
  }
  return (
    <div style={{ padding: 16 }} aria-busy="true">
      <span className="sr-only">{t('ui:loading')}</span>
      {[0, 1, 2, 3].map((line) => (
        <div key={line} className="table-skeleton" />
      ))}
    </div>
  );
}
