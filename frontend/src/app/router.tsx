import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent, Outlet, redirect, type ErrorComponentProps,
} from '@tanstack/react-router';
import { request } from '../api/client';
import type { Tenant } from '../api/contract';
import { sessionQuery } from '../api/session';
import { AuditPage } from '../features/audit/AuditPage';
import { DatasetPage } from '../features/datasets/DatasetPage';
import { DatasetsPage } from '../features/datasets/DatasetsPage';
import { VersionPage } from '../features/datasets/VersionPage';
import { DeliveryPage } from '../features/intake/DeliveryPage';
import { IntakePage } from '../features/intake/IntakePage';
import { JobsPage } from '../features/jobs/JobsPage';
import { MembersPage } from '../features/members/MembersPage';
import { CharterPage } from '../features/projects/CharterPage';
import { LabelsPage } from '../features/projects/LabelsPage';
import { OverviewPage } from '../features/projects/OverviewPage';
import { PeoplePage } from '../features/projects/PeoplePage';
import { ProjectLayout } from '../features/projects/ProjectLayout';
import { ProjectsPage } from '../features/projects/ProjectsPage';
import { ReleasePage } from '../features/releases/ReleasePage';
import { ReleasesPage } from '../features/releases/ReleasesPage';
import { CasePage } from '../features/review/CasePage';
import { CasesPage } from '../features/review/CasesPage';
import { SignInPage } from '../features/session/SignInPage';
import { SettingsPage } from '../features/settings/SettingsPage';
import { StudiesPage } from '../features/studies/StudiesPage';
import { StudyPage } from '../features/studies/StudyPage';
import { WorklistPage } from '../features/worklist/WorklistPage';
import { ChooseTenant } from './ChooseTenant';
import { Frame } from './Frame';
import { BrokenPage, NotFoundPage } from './Fallbacks';

interface RouterContext {
  client: QueryClient;
}

const rootRoute = createRootRouteWithContext<RouterContext>()({ component: Outlet });

const signInRoute = createRoute({ getParentRoute: () => rootRoute, path: '/sign-in', component: SignInPage });

const signedInRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: 'signed-in',
  beforeLoad: async ({ context, location }) => {
    const session = await context.client.ensureQueryData(sessionQuery);
    if (!session.signed_in) throw redirect({ to: '/sign-in', search: { next: location.href } } as never);
    return { session };
  },
});

const chooseRoute = createRoute({
  getParentRoute: () => signedInRoute,
  path: '/',
  beforeLoad: ({ context }) => {
    const [only, ...others] = context.session.tenants;
    if (only && others.length === 0) throw redirect({ to: `/t/${only.slug}` });
  },
  component: ChooseTenant,
});

const tenantRoute = createRoute({ getParentRoute: () => signedInRoute, path: '/t/$tenant' });
const frameRoute = createRoute({ getParentRoute: () => tenantRoute, id: 'frame', component: Frame });

const tenantHomeRoute = createRoute({
  getParentRoute: () => tenantRoute,
  path: '/',
  beforeLoad: async ({ context, params }) => {
    const { tenant: slug } = params;
    const tenant = await context.client.ensureQueryData({
      queryKey: ['tenant', slug],
      queryFn: () => request<Tenant>('/api/v1/tenant', { tenant: slug }),
    });
    throw redirect({ to: `/t/${slug}/${tenant.rooms[0] ?? 'settings'}` });
  },
});

const page = <Path extends string>(path: Path, component: Parameters<typeof createRoute>[0]['component']) =>
  createRoute({ getParentRoute: () => frameRoute, path, component });

const projectRoute = page('/projects/$project', ProjectLayout);
const projectPage = <Path extends string>(path: Path, component: Parameters<typeof createRoute>[0]['component']) =>
  createRoute({ getParentRoute: () => projectRoute, path, component });

const officePages = [
  page('/worklist', WorklistPage),
  page('/projects', ProjectsPage),
  projectRoute.addChildren([
    projectPage('/', OverviewPage),
    projectPage('/intake', IntakePage),
    projectPage('/intake/$deliveryId', DeliveryPage),
    projectPage('/people', PeoplePage),
    projectPage('/labels', LabelsPage),
    projectPage('/charter', CharterPage),
  ]),
  page('/studies', StudiesPage),
  page('/studies/$studyId', StudyPage),
  page('/review', CasesPage),
  page('/cases/$caseId', CasePage),
  page('/datasets', DatasetsPage),
  page('/datasets/$dataset', DatasetPage),
  page('/datasets/$dataset/versions/$digest', VersionPage),
  page('/releases', ReleasesPage),
  page('/releases/$dataset/$release', ReleasePage),
  page('/jobs', JobsPage),
  page('/audit', AuditPage),
  page('/members', MembersPage),
  page('/settings', SettingsPage),
];

/** The reader's workstation fills the screen: it stands outside the frame and its code is fetched on its own. */
const readRoute = createRoute({
  getParentRoute: () => tenantRoute,
  path: '/read/$readId',
  component: lazyRouteComponent(() => import('../features/reading/ReadPage'), 'ReadPage'),
});

const routeTree = rootRoute.addChildren([
  signInRoute,
  signedInRoute.addChildren([
    chooseRoute,
    tenantRoute.addChildren([tenantHomeRoute, readRoute, frameRoute.addChildren(officePages)]),
  ]),
]);

export function makeRouter(client: QueryClient) {
  return createRouter({
    routeTree,
    context: { client },
    defaultPreload: false,
    defaultNotFoundComponent: NotFoundPage,
    defaultErrorComponent: ({ error, reset }: ErrorComponentProps) => <BrokenPage error={error} reset={reset} />,
    parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
    stringifySearch: (search) => {
      const params = new URLSearchParams();
      for (const [name, value] of Object.entries(search)) if (value) params.set(name, String(value));
      return params.size ? `?${params}` : '';
    },
  });
}
