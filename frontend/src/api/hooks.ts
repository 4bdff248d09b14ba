import {
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
  type UseMutationResult,
  type UseQueryResult,
} from '@tanstack/react-query';
import { request, type ApiProblem, type Query, type RequestOptions } from './client';
import type { Page } from './contract';
import { useTenantSlug } from './session';

/** Keys start with the tenant: leaving a tenant can never show rows of the one before. */
export function apiKey(tenant: string, path: string, query?: Query): readonly unknown[] {
  return query ? [tenant, path, query] : [tenant, path];
}

/** One JSON resource of the current tenant. `path` null waits. */
export function useApi<Answer>(
  path: string | null,
  query?: Query,
  options: { refetchInterval?: number | false; staleTime?: number } = {},
): UseQueryResult<Answer, ApiProblem> {
  const tenant = useTenantSlug();
  return useQuery<Answer, ApiProblem>({
    queryKey: apiKey(tenant, path ?? '', query),
    queryFn: ({ signal }) => request<Answer>(path ?? '', { tenant, signal, ...(query ? { query } : {}) }),
    enabled: path !== null,
    ...options,
  });
}

export interface KeysetList<Row, Head = Page<Row>> {
  rows: Row[];
  total: number | null;
  head: Head | undefined;
  loading: boolean;
  error: ApiProblem | null;
  hasMore: boolean;
  loadingMore: boolean;
  loadMore: () => void;
  reload: () => void;
}

/** A keyset-paged list: rows arrive page by page as the table is scrolled, never by offset. */
export function useKeysetList<Row, Head extends Page<Row> = Page<Row>>(
  path: string | null,
  query: Query = {},
): KeysetList<Row, Head> {
  const tenant = useTenantSlug();
  const list = useInfiniteQuery<Head, ApiProblem, { pages: Head[] }, readonly unknown[], string | null>({
    queryKey: apiKey(tenant, path ?? '', query),
    queryFn: ({ pageParam, signal }) =>
      request<Head>(path ?? '', { tenant, signal, query: { page_size: 100, ...query, cursor: pageParam } }),
    initialPageParam: null,
    getNextPageParam: (last) => last.next,
    enabled: path !== null,
    placeholderData: (previous) => previous,
  });
  const pages = list.data?.pages ?? [];
  return {
    rows: pages.flatMap((page) => page.results),
    total: pages[0]?.total ?? null,
    head: pages[0],
    loading: list.isPending,
    error: list.error,
    hasMore: list.hasNextPage,
    loadingMore: list.isFetchingNextPage,
    loadMore: () => void list.fetchNextPage(),
    reload: () => void list.refetch(),
  };
}

/** An act of the current tenant; what it changes (path prefixes) is read again afterwards. */
export function useAct<Input, Answer = unknown>(
  build: (input: Input) => { path: string } & Omit<RequestOptions, 'tenant'>,
  changes: string[] = [],
): UseMutationResult<Answer, ApiProblem, Input> {
  const tenant = useTenantSlug();
  const client = useQueryClient();
  return useMutation<Answer, ApiProblem, Input>({
    mutationFn: (input) => {
      const { path, ...options } = build(input);
      return request<Answer>(path, { method: 'POST', tenant, ...options });
    },
    onSuccess: () =>
      client.invalidateQueries({
        predicate: ({ queryKey }) =>
          queryKey[0] === tenant && changes.some((prefix) => String(queryKey[1]).startsWith(prefix)),
      }),
  });
}
