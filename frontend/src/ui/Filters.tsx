import { TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useUrlState } from './urlState';

/** Chips of one filter; the choice lives in the URL, the chosen chip pressed again removes it. */
export function FilterChips(props: { name: string; options: { value: string; label: string; count?: number | undefined }[] }) {
  const [url, setUrl] = useUrlState();
  return (
    <div className="row" role="group">
      {props.options.map(({ value, label, count }) => {
        const pressed = url[props.name] === value;
        return (
          <button
            key={value}
            type="button"
            className="chip"
            aria-pressed={pressed}
            onClick={() => setUrl({ [props.name]: pressed ? undefined : value, open: undefined })}
          >
            {label}
            {count !== undefined && <span className="dim">{count}</span>}
          </button>
        );
      })}
    </div>
  );
}

export function SearchFilter({ label }: { label: string }) {
  const { t } = useTranslation();
  const [url, setUrl] = useUrlState();
  const [text, setText] = useState(url.search ?? '');
  const apply = useDebouncedCallback((value: string) => setUrl({ search: value || undefined }), 250);
  return (
    <TextInput
      size="xs"
      w={220}
      aria-label={label}
      placeholder={t('ui:search')}
      leftSection={<IconSearch size={14} stroke={1.5} />}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        apply(event.currentTarget.value);
      }}
    />
  );
}
