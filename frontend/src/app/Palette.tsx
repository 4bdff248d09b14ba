import { TextInput } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { useNavigate } from '@tanstack/react-router';
import { useMemo, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { Page, Project } from '../api/contract';
import { useApi } from '../api/hooks';
import { useRooms, useSession, useTenantSlug } from '../api/session';
import { Dialog } from '../ui/Dialog';

interface Command {
  label: string;
  hint: string;
  to: string;
}

function useCommands(open: boolean): Command[] {
  const { t } = useTranslation();
  const tenant = useTenantSlug();
  const rooms = useRooms();
  const tenants = useSession()?.tenants;
  const projects = useApi<Page<Project>>(open && rooms.includes('projects') ? '/api/v1/projects' : null).data?.results;
  return useMemo(() => {
    const root = `/t/${tenant}`;
    const places = rooms.map((room) => ({ label: t(`frame:room.${room}`), hint: t('frame:rail'), to: `${root}/${room}` }));
    const projectCommands = (projects ?? []).map((project) => ({
      label: project.name,
      hint: t('frame:room.projects'),
      to: `${root}/projects/${project.slug}`,
    }));
    const tenantCommands = (tenants ?? [])
      .filter((other) => other.slug !== tenant)
      .map((other) => ({ label: other.name, hint: t('frame:switchTenant'), to: `/t/${other.slug}` }));
    return [...places, { label: t('frame:settings'), hint: t('frame:rail'), to: `${root}/settings` }, ...projectCommands, ...tenantCommands];
  }, [t, tenant, rooms, projects, tenants]);
}

/** Ctrl K: every place one may go to, by its name. */
export function Palette({ open, setOpen }: { open: boolean; setOpen: (open: boolean) => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [text, setText] = useState('');
  const [active, setActive] = useState(0);
  useHotkeys([['mod+K', () => setOpen(true)]], []);
  const commands = useCommands(open);
  const needle = text.trim().toLocaleLowerCase();
  const found = commands.filter(({ label, hint }) => `${label} ${hint}`.toLocaleLowerCase().includes(needle));
  const run = (command: Command | undefined) => {
    if (!command) return;
    setOpen(false);
    setText('');
    void navigate({ to: command.to });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') setActive(Math.min(found.length - 1, active + 1));
    else if (event.key === 'ArrowUp') setActive(Math.max(0, active - 1));
    else if (event.key === 'Enter') run(found[active]);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog opened={open} onClose={() => setOpen(false)} title={t('frame:command')} top hideTitle>
      <TextInput
        data-autofocus
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={found[active] ? `palette-${active}` : undefined}
        aria-label={t('frame:palette')}
        placeholder={t('frame:palette')}
        value={text}
        onKeyDown={onKeyDown}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setActive(0);
        }}
      />
      <ul className="palette-list" id="palette-list" role="listbox" aria-label={t('frame:command')}>
        {found.map((command, index) => (
          <li
            key={command.to}
            id={`palette-${index}`}
            role="option"
            aria-selected={index === active}
            onMouseMove={() => setActive(index)}
            onClick={() => run(command)}
          >
            <span>{command.label}</span>
            <span className="dim">{command.hint}</span>
          </li>
        ))}
      </ul>
      {found.length === 0 && <p className="dim">{t('frame:paletteEmpty')}</p>}
    </Dialog>
  );
}
