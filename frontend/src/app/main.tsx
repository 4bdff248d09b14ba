import '@fontsource-variable/inter';
import '@fontsource-variable/jetbrains-mono';
import '@mantine/core/styles.css';
import '../ui/base.css';
import './frame.css';
import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { createRoot } from 'react-dom/client';
import { ApiProblem, onSignedOut } from '../api/client';
import { SESSION_KEY } from '../api/session';
import { cssVariables, theme } from '../ui/theme';
import { startI18n } from './i18n';
import { makeRouter } from './router';

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      retry: (failures, error) => failures < 2 && (!(error instanceof ApiProblem) || error.status === 0 || error.status >= 502),
    },
  },
});
const router = makeRouter(client);

onSignedOut(() => {
  if (location.pathname === '/sign-in') return;
  client.removeQueries({ queryKey: SESSION_KEY });
  void router.navigate({ to: '/sign-in', search: { next: location.pathname + location.search } } as never);
});

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');
await startI18n();
createRoot(root).render(
  <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="dark">
    <QueryClientProvider client={client}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </MantineProvider>,
);
