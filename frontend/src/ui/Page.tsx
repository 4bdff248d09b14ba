import { useDocumentTitle } from '@mantine/hooks';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ActionIcon } from '@mantine/core';
import { IconX } from '@tabler/icons-react';

/** One office page: heading line with its acts, then either a scrolling body or a flush table. */
export function Page(props: { title: string; before?: ReactNode; actions?: ReactNode; flush?: boolean; children: ReactNode }) {
  useDocumentTitle(`${props.title} · Fiducial`);
  return (
    <div className="page">
      <div className="page-head">
        {props.before}
        <h1 className="clip" title={props.title}>{props.title}</h1>
        <span className="grow" />
        {props.actions}
      </div>
      <div className={`page-body${props.flush ? ' flush' : ''}`}>{props.children}</div>
    </div>
  );
}

/** What a row holds, beside its table: the row opens a panel before it opens a page. */
export function SidePanel({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <aside
      className="side-panel stack"
      aria-label={title}
      tabIndex={0}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onClose();
      }}
    >
      <div className="row between">
        <h2 className="clip">{title}</h2>
        <ActionIcon variant="subtle" color="gray" aria-label={t('ui:close')} onClick={onClose}>
          <IconX size={16} stroke={1.5} />
        </ActionIcon>
      </div>
      {children}
    </aside>
  );
}

export function Facts({ rows }: { rows: [string, ReactNode][] }) {
  return (
    <dl className="facts">
      {rows.map(([term, value]) => [<dt key={`${term}-t`}>{term}</dt>, <dd key={`${term}-d`}>{value}</dd>])}
    </dl>
  );
}

export function Figure({ value, label, unit }: { value: ReactNode; label: string; unit?: string }) {
  return (
    <div className="figure">
      <b>
        {value}
        {unit && <small className="dim"> {unit}</small>}
      </b>
      <span className="dim">{label}</span>
    </div>
  );
}

/** Progress with its words; `total` null means the end is not known yet. */
export function ProgressBar({ done, total, label }: { done: number; total: number | null; label: string }) {
  const share = total && total > 0 ? Math.min(100, (100 * done) / total) : 0;
  return (
    <div className="bar" role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={total ?? undefined} aria-valuenow={total ? done : undefined}>
      <i style={{ width: total ? `${share}%` : '100%', opacity: total ? 1 : 0.35 }} className={total ? '' : 'pulse'} />
    </div>
  );
}
