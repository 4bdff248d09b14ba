import { Button, Checkbox, Menu } from '@mantine/core';
import { IconColumns3 } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { formatCount } from './format';
import { ProblemNotice, type Problem } from './Messages';

export interface Column<Row> {
  key: string;
  header: string;
  /** CSS grid track, e.g. `120px` or `minmax(160px, 2fr)`. */
  width?: string;
  numeric?: boolean;
  optional?: boolean;
  /** The heading is for screen readers only (a column of buttons). */
  hideHeader?: boolean;
  cell: (row: Row) => ReactNode;
}

export interface TableSource<Row> {
  rows: Row[];
  total: number | null;
  loading: boolean;
  error: Problem | null;
  hasMore: boolean;
  loadingMore: boolean;
  loadMore: () => void;
  reload: () => void;
}

interface DataTableProps<Row> {
  id: string;
  label: string;
  columns: Column<Row>[];
  source: TableSource<Row>;
  rowKey: (row: Row) => string;
  empty: ReactNode;
  tools?: ReactNode;
  /** Row shown in the side panel. */
  openKey?: string | null;
  onPeek?: (row: Row) => void;
  onOpen?: (row: Row) => void;
  bulk?: (rows: Row[], clear: () => void) => ReactNode;
}

const ROW_HEIGHT = 34;

/** The list of the house: sticky head, virtual rows, keyset paging, kept column choice, keyboard all the way. */
export function DataTable<Row>(props: DataTableProps<Row>) {
  const { t, i18n } = useTranslation();
  const { source, rowKey } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [hidden, setHidden] = useHiddenColumns(props.id);
  const [focused, setFocused] = useState(0);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const columns = props.columns.filter((column) => !hidden.includes(column.key));
  const grid = useMemo(
    () => (props.bulk ? '36px ' : '') + columns.map((column) => column.width ?? 'minmax(90px, 1fr)').join(' '),
    [columns, props.bulk],
  );
  const virtual = useVirtualizer({
    count: source.rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (source.hasMore && !source.loadingMore && last >= source.rows.length - 25) source.loadMore();
  }, [last, source]);

  const move = (index: number) => {
    const target = Math.max(0, Math.min(source.rows.length - 1, index));
    setFocused(target);
    virtual.scrollToIndex(target);
    requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-index="${target}"]`)?.focus());
  };
  const toggle = (key: string) =>
    setChosen((before) => {
      const after = new Set(before);
      if (!after.delete(key)) after.add(key);
      return after;
    });
  const onKeyDown = (event: KeyboardEvent, row: Row, index: number) => {
    const steps: Record<string, number> = {
      ArrowDown: index + 1,
      ArrowUp: index - 1,
      PageDown: index + 15,
      PageUp: index - 15,
      Home: 0,
      End: source.rows.length - 1,
    };
    const step = steps[event.key];
    if (step !== undefined) move(step);
    else if (event.key === 'Enter') (props.onOpen ?? props.onPeek)?.(row);
    else if (event.key === ' ') props.bulk ? toggle(rowKey(row)) : (props.onPeek ?? props.onOpen)?.(row);
    else return;
    event.preventDefault();
  };

  const chosenRows = source.rows.filter((row) => chosen.has(rowKey(row)));
  return (
    <div className="table">
      <div className="table-tools">
        {chosenRows.length > 0 && props.bulk ? props.bulk(chosenRows, () => setChosen(new Set())) : props.tools}
        <span className="grow" />
        <ColumnMenu columns={props.columns} hidden={hidden} setHidden={setHidden} />
      </div>
      <div className="table-scroll" ref={scroller} role="region" aria-label={props.label} tabIndex={source.rows.length ? -1 : 0}>
        {source.error && source.rows.length === 0 ? (
          <div style={{ padding: 16 }}>
            <ProblemNotice problem={source.error} onRetry={source.reload} />
          </div>
        ) : source.loading ? (
          <div aria-busy="true">
            <span className="sr-only">{t('ui:loading')}</span>
            {Array.from({ length: 8 }, (_, line) => (
              <div className="table-skeleton" key={line} />
            ))}
          </div>
        ) : source.rows.length === 0 ? (
          props.empty
        ) : (
          <div role="grid" aria-label={props.label} aria-rowcount={source.total ?? -1} style={{ minWidth: 'fit-content' }}>
            <div role="rowgroup">
              <div className="table-head" role="row" style={{ gridTemplateColumns: grid }}>
                {props.bulk && (
                  <div role="columnheader">
                    <span className="sr-only">{t('ui:select')}</span>
                  </div>
                )}
                {columns.map((column) => (
                  <div key={column.key} role="columnheader" className={column.numeric ? 'num' : ''}>
                    {column.hideHeader ? <span className="sr-only">{column.header}</span> : column.header}
                  </div>
                ))}
              </div>
            </div>
            <div role="rowgroup" style={{ height: virtual.getTotalSize(), position: 'relative' }}>
              {items.map((item) => {
                const row = source.rows[item.index];
                if (row === undefined) return null;
                const key = rowKey(row);
                return (
                  <div
                    key={key}
                    role="row"
                    className="table-row"
                    data-index={item.index}
                    data-key={key}
                    aria-rowindex={item.index + 2}
                    aria-selected={props.openKey === key || chosen.has(key)}
                    tabIndex={item.index === focused ? 0 : -1}
                    style={{ gridTemplateColumns: grid, position: 'absolute', top: item.start, left: 0, right: 0 }}
                    onFocus={() => setFocused(item.index)}
                    onKeyDown={(event) => onKeyDown(event, row, item.index)}
                    onClick={() => (props.onPeek ?? props.onOpen)?.(row)}
                    onDoubleClick={() => props.onOpen?.(row)}
                  >
                    {props.bulk && (
                      <div role="gridcell" onClick={(event) => event.stopPropagation()}>
                        <Checkbox size="xs" aria-label={t('ui:select')} checked={chosen.has(key)} onChange={() => toggle(key)} tabIndex={-1} />
                      </div>
                    )}
                    {columns.map((column) => (
                      <div key={column.key} role="gridcell" className={column.numeric ? 'num' : ''}>
                        {column.cell(row)}
                      </div>
                    ))}
                  </div>
                );
              })}
            </div>
          </div>
        )}
      </div>
      <div className="table-foot" aria-live="polite">
        {!source.loading &&
          (source.total !== null && source.total > source.rows.length
            ? t('ui:shownOf', { shown: formatCount(source.rows.length, i18n.language), total: formatCount(source.total, i18n.language) })
            : t('ui:rows', { count: source.rows.length, shown: formatCount(source.rows.length, i18n.language) }))}
      </div>
    </div>
  );
}

function useHiddenColumns(id: string): [string[], (next: string[]) => void] {
  const name = `columns:${id}`;
  const [hidden, setHidden] = useState<string[]>(() => JSON.parse(localStorage.getItem(name) ?? '[]') as string[]);
  return [
    hidden,
    (next) => {
      setHidden(next);
      localStorage.setItem(name, JSON.stringify(next));
    },
  ];
}

function ColumnMenu<Row>(props: { columns: Column<Row>[]; hidden: string[]; setHidden: (next: string[]) => void }) {
  const { t } = useTranslation();
  const optional = props.columns.filter((column) => column.optional);
  if (optional.length === 0) return null;
  return (
    <Menu position="bottom-end" closeOnItemClick={false}>
      <Menu.Target>
        <Button variant="subtle" leftSection={<IconColumns3 size={14} stroke={1.5} />}>
          {t('ui:columns')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {optional.map((column) => {
          const shown = !props.hidden.includes(column.key);
          return (
            <Menu.Item
              key={column.key}
              role="menuitemcheckbox"
              aria-checked={shown}
              onClick={() =>
                props.setHidden(shown ? [...props.hidden, column.key] : props.hidden.filter((key) => key !== column.key))
              }
            >
              {shown ? '✓ ' : '   '}
              {column.header}
            </Menu.Item>
          );
        })}
      </Menu.Dropdown>
    </Menu>
  );
}
