import { ActionIcon, Button, Menu, useMantineColorScheme } from '@mantine/core';
import {
  IconActivity, IconChecklist, IconDatabase, IconFolders, IconListCheck, IconPackageExport, IconScale, IconSearch,
  IconSettings, IconStack2, IconTimeline, IconUser, IconUsers, type Icon,
} from '@tabler/icons-react';
import { Link, Outlet, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Job, Page, Room } from '../api/contract';
import { useApi } from '../api/hooks';
import { useLiveUpdates } from '../api/live';
import { useRooms, useSession, useSignOut, useTenant, useTenantSlug } from '../api/session';
import { Breadcrumbs } from './Breadcrumbs';
import { Palette } from './Palette';
import { changeLanguage } from './i18n';

const ROOM_ICONS: Record<Room, Icon> = {
  worklist: IconListCheck,
  projects: IconFolders,
  studies: IconStack2,
  review: IconScale,
  datasets: IconDatabase,
  releases: IconPackageExport,
  jobs: IconActivity,
  audit: IconTimeline,
  members: IconUsers,
};

/** Rail, top line and content of every office page; the workstation has none of it. */
export function Frame() {
  const { t } = useTranslation();
  const [paletteOpen, setPaletteOpen] = useState(false);
  useLiveUpdates();
  return (
    <div className="frame">
      <a className="skip" href="#content">{t('frame:skip')}</a>
      <header className="frame-top">
        <TenantSwitch />
        <Breadcrumbs />
        <span className="grow" />
        <Button variant="default" color="gray" leftSection={<IconSearch size={14} stroke={1.5} />} rightSection={<kbd>Ctrl K</kbd>} onClick={() => setPaletteOpen(true)}>
          {t('frame:command')}
        </Button>
        <JobsLine />
        <UserMenu />
      </header>
      <Rail />
      <main className="frame-main" id="content">
        <Outlet />
      </main>
      <Palette open={paletteOpen} setOpen={setPaletteOpen} />
    </div>
  );
}

function Rail() {
  const { t } = useTranslation();
  const tenant = useTenantSlug();
  return (
    <nav className="frame-rail" aria-label={t('frame:rail')}>
      {useRooms().map((room) => {
        const Mark = ROOM_ICONS[room] ?? IconChecklist;
        return (
          <Link key={room} to={`/t/${tenant}/${room}`} activeProps={{ className: 'active', 'aria-current': 'page' }}>
            <Mark size={16} stroke={1.5} aria-hidden />
            <span>{t(`frame:room.${room}`)}</span>
          </Link>
        );
      })}
      <span className="grow" />
      <Link to={`/t/${tenant}/settings`} activeProps={{ className: 'active', 'aria-current': 'page' }}>
        <IconSettings size={16} stroke={1.5} aria-hidden />
        <span>{t('frame:room.settings')}</span>
      </Link>
    </nav>
  );
}

function TenantSwitch() {
  const { t } = useTranslation();
  const tenants = useSession()?.tenants ?? [];
  const current = useTenant();
  const slug = useTenantSlug();
  const navigate = useNavigate();
  const label = current?.name ?? slug;
  if (tenants.length < 2) return <strong className="clip">{label}</strong>;
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <Button variant="default" title={t('frame:switchTenant')} data-tenant={slug}>{label}</Button>
      </Menu.Target>
      <Menu.Dropdown>
        {tenants.map((tenant) => (
          <Menu.Item key={tenant.slug} onClick={() => void navigate({ to: `/t/${tenant.slug}` })}>
            {tenant.slug === slug ? '✓ ' : ''}{tenant.name} <span className="dim">{tenant.region}</span>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function JobsLine() {
  const { t } = useTranslation();
  const tenant = useTenantSlug();
  const allowed = useRooms().includes('jobs');
  const jobs = useApi<Page<Job>>(allowed ? '/api/v1/jobs' : null, { state: 'running', page_size: 20 }, { refetchInterval: 20_000 });
  if (!allowed) return null;
  const running = jobs.data?.results.filter((job) => job.state === 'running').length ?? 0;
  return (
    <Link to={`/t/${tenant}/jobs`} className={`state ${running ? 'act' : 'quiet'}`}>
      <IconActivity size={14} stroke={1.5} aria-hidden />
      {running ? t('frame:jobsRunning', { count: running }) : t('frame:jobsIdle')}
    </Link>
  );
}

function UserMenu() {
  const { t, i18n } = useTranslation();
  const user = useSession()?.user;
  const tenant = useTenantSlug();
  const signOut = useSignOut();
  const navigate = useNavigate();
  const { toggleColorScheme } = useMantineColorScheme();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="default" aria-label={t('frame:account', { name: user?.name ?? '' })}>
          <IconUser size={16} stroke={1.5} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{user?.name} · {user?.email}</Menu.Label>
        <Menu.Item onClick={() => void navigate({ to: `/t/${tenant}/settings` })}>{t('frame:settings')}</Menu.Item>
        <Menu.Item onClick={toggleColorScheme}>{t('frame:theme')}</Menu.Item>
        <Menu.Item onClick={() => void changeLanguage(i18n.language === 'de' ? 'en' : 'de')}>{t('frame:language')}</Menu.Item>
        <Menu.Divider />
        <Menu.Item onClick={() => void signOut().then(() => navigate({ to: '/sign-in' }))}>{t('frame:signOut')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
