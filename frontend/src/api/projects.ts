import { useApi } from './hooks';
import type { Page, Project } from './contract';

/** The project a room works on: the one in the address, else the one last worked on, else the first. */
export function useProjectChoice(asked: string | undefined): {
  projects: Project[] | undefined;
  project: Project | undefined;
  problem: ReturnType<typeof useApi<Page<Project>>>['error'];
  remember: (slug: string) => void;
} {
  const { data, error } = useApi<Page<Project>>('/api/v1/projects', { page_size: 200 });
  const projects = data?.results;
  const wanted = asked ?? localStorage.getItem('last-project') ?? undefined;
  const project = projects?.find(({ slug }) => slug === wanted) ?? projects?.[0];
  return { projects, project, problem: error, remember: (slug) => localStorage.setItem('last-project', slug) };
}
