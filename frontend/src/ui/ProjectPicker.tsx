import { Select } from '@mantine/core';
import { useTranslation } from 'react-i18next';

interface ProjectPickerProps {
  projects: { slug: string; name: string; colour: string }[];
  current: { slug: string; colour: string } | undefined;
  onPick: (slug: string) => void;
}

/** Which project this list is of, always beside the heading, with its colour. */
export function ProjectPicker({ projects, current, onPick }: ProjectPickerProps) {
  const { t } = useTranslation();
  return (
    <Select
      size="xs"
      w={240}
      aria-label={t('ui:project')}
      data={projects.map(({ slug, name }) => ({ value: slug, label: name }))}
      value={current?.slug ?? null}
      allowDeselect={false}
      searchable={projects.length > 8}
      leftSection={current && <i className="swatch" style={{ background: current.colour }} aria-hidden />}
      onChange={(slug) => slug && onPick(slug)}
    />
  );
}
