import { Link, useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { CaseState, ClassAgreement, Notice, Overview } from '../../api/contract';
import { useApi } from '../../api/hooks';
import { useTenantSlug } from '../../api/session';
import { formatDicomDate, formatNumber } from '../../ui/format';
import { Loaded } from '../../ui/Messages';
import { Figure } from '../../ui/Page';
import { StateMark } from '../../ui/StateMark';

const STATES: CaseState[] = ['waiting', 'reading', 'discordant', 'adjudicating', 'settled'];

/** How far, how good, what is stuck, what needs me; each figure links to its rows. */
export function OverviewPage() {
  const { t } = useTranslation();
  const tenant = useTenantSlug();
  const { project = '' } = useParams({ strict: false }) as { project?: string };
  const overview = useApi<Overview>(`/api/v1/projects/${project}/overview`, undefined, { refetchInterval: 30_000 });
  return (
    <div className="page-body stack" style={{ paddingTop: 16, gap: 24 }}>
      <Loaded value={overview.data} problem={overview.error} onRetry={() => void overview.refetch()}>
        {(value) => (
          <>
            <section className="stack">
              <h2>{t('projects:howFar')}</h2>
              <div className="row wrap" style={{ gap: 32, alignItems: 'flex-start' }}>
                <Figure value={value.cases.by_state.settled ?? 0} label={t('projects:settledOf', { count: value.cases.total })} />
                {STATES.map((state) => (
                  <Link key={state} to={`/t/${tenant}/review`} search={{ project, state } as never} className="figure" style={{ color: 'inherit' }}>
                    <b>{value.cases.by_state[state] ?? 0}</b>
                    <StateMark state={state} />
                  </Link>
                ))}
              </div>
            </section>
            <div className="columns">
              <section className="stack">
                <h2>{t('projects:howGood')}</h2>
                {value.agreement.length === 0 && <p className="dim">{t('projects:noAgreement')}</p>}
                {value.agreement.map((entry) => <Agreement key={entry.class_number} entry={entry} />)}
              </section>
              <section className="stack">
                <h2>{t('projects:pace')}</h2>
                {value.pace.length === 0 ? <p className="dim">{t('projects:noPace')}</p> : <Pace pace={value.pace} />}
              </section>
              <Notices title={t('projects:stuck')} none={t('projects:nothingStuck')} items={value.stuck} tenant={tenant} />
              <Notices title={t('projects:needsMe')} none={t('projects:nothingForMe')} items={value.needs_me} tenant={tenant} />
              <section className="stack">
                <h2>{t('projects:deliveries')}</h2>
                <div className="row" style={{ gap: 24 }}>
                  <Figure value={value.deliveries.open} label={t('projects:openDeliveries')} />
                  <Figure value={value.deliveries.held} label={t('projects:heldFiles')} />
                  <Figure value={value.deliveries.refused} label={t('projects:refusedFiles')} />
                </div>
                <Link to={`/t/${tenant}/projects/${project}/intake`}>{t('projects:tab.intake')}</Link>
              </section>
            </div>
          </>
        )}
      </Loaded>
    </div>
  );
}

/** Mean with its interval on 0 to 1, the limit as a line, and the same in words. */
function Agreement({ entry }: { entry: ClassAgreement }) {
  const { t, i18n } = useTranslation();
  const number = (value: number | null) => formatNumber(value, i18n.language);
  const percent = (value: number | null) => `${100 * Math.max(0, Math.min(1, value ?? 0))}%`;
  const interval = entry.low === null || entry.high === null ? '' : ` (${number(entry.low)}–${number(entry.high)})`;
  const words = t('projects:agreementRow', {
    name: entry.name, metric: t(`ui:metric.${entry.metric}`, { defaultValue: entry.metric }),
    mean: number(entry.mean), interval, limit: number(entry.limit), count: entry.n,
  });
  return (
    <div className="stack tight">
      <div className="interval" aria-hidden>
        {entry.low !== null && entry.high !== null && (
          <i style={{ left: percent(entry.low), width: `${100 * Math.max(0, entry.high - entry.low)}%` }} />
        )}
        {entry.mean !== null && <b style={{ left: percent(entry.mean) }} />}
        <u style={{ left: percent(entry.limit) }} />
      </div>
      <span>{words}</span>
    </div>
  );
}

function Pace({ pace }: { pace: Overview['pace'] }) {
  const { i18n } = useTranslation();
  const most = Math.max(1, ...pace.map((day) => day.reads_signed));
  const last = pace.slice(-30);
  return (
    <>
      <div className="spark" aria-hidden>
        {last.map((day) => <i key={day.day} style={{ height: `${(100 * day.reads_signed) / most}%` }} title={`${day.day}: ${day.reads_signed}`} />)}
      </div>
      <span className="dim">{formatDicomDate(last.at(-1)?.day, i18n.language)}: {last.at(-1)?.reads_signed}</span>
    </>
  );
}

function Notices({ title, none, items, tenant }: { title: string; none: string; items: Notice[]; tenant: string }) {
  return (
    <section className="stack">
      <h2>{title}</h2>
      {items.length === 0 && <p className="dim">{none}</p>}
      {items.map((item) => (
        <a key={item.code} href={item.link.startsWith('/t/') ? item.link : `/t/${tenant}${item.link}`} className="row between">
          <span>{item.text}</span>
          <b>{item.count}</b>
        </a>
      ))}
    </section>
  );
}
