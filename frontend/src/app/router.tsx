import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent, Outlet, redirect, type ErrorComponentProps,
} from '@tanstack/react-router';
import { request } from '../api/client';
import type { Tenant } from '../api/contract';
import { sessionQuery } from '../api/session';
import { SignInPage } from '../features/session/SignInPage';
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
    tenantRoute.addChildren([tenantHomeRoute, readRoute, frameRoute.addChildren([page('/worklist', WorklistPage)])]),
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
