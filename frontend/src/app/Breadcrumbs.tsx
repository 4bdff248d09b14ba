import { Link, useLocation, useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Project, Room } from '../api/contract';
import { useApi } from '../api/hooks';

/** Room, then project with its colour, so that nobody works in the wrong project. */
export function Breadcrumbs() {
  const { t } = useTranslation();
  const { pathname, search } = useLocation();
  const { project: pathProject } = useParams({ strict: false }) as { project?: string };
  const [, , tenant, room] = pathname.split('/');
  const slug = pathProject ?? (search as { project?: string }).project ?? null;
  const project = useApi<Project>(slug ? `/api/v1/projects/${slug}` : null).data;
  if (!room) return null;
  const place = room === 'cases' ? 'review' : room;
  return (
    <nav className="frame-crumbs" aria-label={t('frame:where')}>
      <ol>
        <li>
          <Link to={`/t/${tenant}/${place}`}>{t(`frame:room.${place as Room}`, { defaultValue: place })}</Link>
        </li>
        {project && (
          <li>
            <span className="row">
              <i className="swatch" style={{ background: project.colour }} aria-hidden />
              <Link to={`/t/${tenant}/projects/${project.slug}`}>{project.name}</Link>
            </span>
          </li>
        )}
      </ol>
    </nav>
  );
}
