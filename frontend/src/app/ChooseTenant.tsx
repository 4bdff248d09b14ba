import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useSession } from '../api/session';
import { EmptyState } from '../ui/Messages';

export function ChooseTenant() {
  const { t } = useTranslation();
  const tenants = useSession()?.tenants ?? [];
  if (tenants.length === 0) return <EmptyState title={t('frame:noTenant')}>{t('frame:noTenantHint')}</EmptyState>;
  return (
    <main className="gate">
      <div className="stack">
        <h1>{t('frame:chooseTenant')}</h1>
        {tenants.map((tenant) => (
          <Link key={tenant.slug} to={`/t/${tenant.slug}`} className="row between hair-top">
            <span>{tenant.name}</span>
            <span className="dim">{tenant.region}</span>
          </Link>
        ))}
      </div>
    </main>
  );
}
