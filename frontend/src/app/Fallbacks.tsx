import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { ApiProblem } from '../api/client';
import { EmptyState, ProblemNotice } from '../ui/Messages';

export function NotFoundPage() {
  const { t } = useTranslation();
  return (
    <EmptyState title={t('frame:notFound')} action={<Link to="/">{t('frame:home')}</Link>}>
      {t('frame:notFoundHint')}
    </EmptyState>
  );
}

export function BrokenPage({ error, reset }: { error: unknown; reset: () => void }) {
  const { t } = useTranslation();
  if (error instanceof ApiProblem) {
    return (
      <div className="gate">
        <ProblemNotice problem={error} onRetry={reset} />
      </div>
    );
  }
  return (
    <EmptyState title={t('frame:broken')} action={<Button onClick={reset}>{t('ui:retry')}</Button>}>
      {error instanceof Error ? error.message : ''}
    </EmptyState>
  );
}
