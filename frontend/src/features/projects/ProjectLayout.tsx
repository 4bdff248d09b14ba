import { Outlet, useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Project } from '../../api/contract';
import { useApi } from '../../api/hooks';
import { useTenantSlug } from '../../api/session';
import { Loaded } from '../../ui/Messages';
import { Page } from '../../ui/Page';
import { StateMark } from '../../ui/StateMark';
import { Tabs } from '../../ui/Tabs';

export function useProject(): Project | undefined {
  const { project } = useParams({ strict: false }) as { project?: string };
  return useApi<Project>(project ? `/api/v1/projects/${project}` : null).data;
}

/** Heading and sections of one project; managers see how it is set up, others do not. */
export function ProjectLayout() {
  const { t } = useTranslation();
  const tenant = useTenantSlug();
  const { project: slug = '' } = useParams({ strict: false }) as { project?: string };
  const project = useApi<Project>(`/api/v1/projects/${slug}`);
  const root = `/t/${tenant}/projects/${slug}`;
  return (
    <Loaded value={project.data} problem={project.error} onRetry={() => void project.refetch()}>
      {(value) => {
        const manages = value.my_roles.includes('manager');
        const items = [
          { to: root, text: t('projects:tab.overview'), exact: true },
          ...(manages
            ? (['intake', 'people', 'labels', 'charter'] as const).map((tab) => ({ to: `${root}/${tab}`, text: t(`projects:tab.${tab}`) }))
            : []),
        ];
        return (
          <Page flush title={value.name} before={<i className="swatch" style={{ background: value.colour }} aria-hidden />} actions={<StateMark state={value.state} />}>
            <Tabs label={t('ui:sections')} items={items} />
            <Outlet />
          </Page>
        );
      }}
    </Loaded>
  );
}
