import { useNavigate, useSearch } from '@tanstack/react-router';

export type UrlState = Record<string, string | undefined>;

/** Filters, the open row and the tab live in the address: a link shows what the sender saw. */
export function useUrlState(): [UrlState, (changes: UrlState) => void] {
  const search = useSearch({ strict: false }) as UrlState;
  const navigate = useNavigate();
  const set = (changes: UrlState) =>
    void navigate({
      to: '.',
      replace: true,
      search: (before: UrlState) => {
        const after: UrlState = { ...before, ...changes };
        for (const [name, value] of Object.entries(after)) if (!value) delete after[name];
        return after;
      },
    } as never);
  return [search, set];
}
