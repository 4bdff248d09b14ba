import { useTranslation } from 'react-i18next';
import type { AuditEvent, Deidentification as Changes, Page as ListPage, QualityFinding } from '../../api/contract';
import { useApi } from '../../api/hooks';
import { formatTime } from '../../ui/format';
import { Loaded } from '../../ui/Messages';
import { StateMark } from '../../ui/StateMark';

export function Findings({ findings }: { findings: QualityFinding[] }) {
  const { t } = useTranslation();
  if (findings.length === 0) return <p className="dim">{t('studies:noFindings')}</p>;
  return (
    <div className="stack">
      {findings.map((finding) => (
        <div key={finding.code} className="stack tight hair-top">
          <div className="row between">
            <span className="row"><StateMark state={finding.severity} /><strong>{finding.title}</strong></span>
            <span className="dim">{t('studies:affected', { count: finding.affected_count })}</span>
          </div>
          <span>{t('studies:consequence')}: {finding.consequence}</span>
          <span>{t('studies:remedy')}: {finding.remedy}</span>
        </div>
      ))}
    </div>
  );
}

export function Deidentification({ seriesId }: { seriesId: string }) {
  const { t } = useTranslation();
  const answer = useApi<Changes>(`/api/v1/series/${seriesId}/deidentification`);
  return (
    <Loaded value={answer.data} problem={answer.error} onRetry={() => void answer.refetch()}>
      {(value) => (
        <div className="stack">
          <span>{t('studies:policy')}: <strong>{value.policy}</strong></span>
          {value.changes.length === 0 ? (
            <p className="dim">{t('studies:noChanges')}</p>
          ) : (
            <table className="plain">
              <thead>
                <tr>
                  <th scope="col">{t('studies:tag')}</th><th scope="col">VR</th><th scope="col">{t('studies:action')}</th>
                  <th scope="col">{t('studies:reason')}</th><th scope="col" className="num">{t('studies:instances')}</th>
                </tr>
              </thead>
              <tbody>
                {value.changes.map((change) => (
                  <tr key={`${change.tag}${change.action}${change.reason}`}>
                    <td><code>{change.tag}</code> {change.keyword}</td><td>{change.vr}</td><td>{t(`studies:actions.${change.action}`, { defaultValue: change.action })}</td><td>{change.reason}</td>
                    <td className="num">{change.instances}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </div>
      )}
    </Loaded>
  );
}

/** Every view and every change of this series, newest first. */
export function Timeline({ seriesId }: { seriesId: string }) {
  const { t, i18n } = useTranslation();
  const answer = useApi<ListPage<AuditEvent>>(`/api/v1/series/${seriesId}/timeline`);
  return (
    <Loaded value={answer.data} problem={answer.error} onRetry={() => void answer.refetch()}>
      {({ results }) =>
        results.length === 0 ? (
          <p className="dim">{t('studies:noEvents')}</p>
        ) : (
          <table className="plain">
            <thead>
              <tr>
                <th scope="col">{t('studies:when')}</th><th scope="col">{t('studies:who')}</th><th scope="col">{t('studies:what')}</th>
                <th scope="col">{t('studies:outcome')}</th><th scope="col">{t('studies:sealed')}</th>
              </tr>
            </thead>
            <tbody>
              {results.map((event) => (
                <tr key={event.id}>
                  <td>{formatTime(event.recorded_at, i18n.language)}</td><td>{event.actor?.name ?? '–'}</td><td><code>{event.action}</code></td>
                  <td><StateMark state={event.outcome} /></td>
                  <td>{event.sealed ? <StateMark state="done" label={t('studies:sealed')} /> : <span className="dim">{t('studies:notSealed')}</span>}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )
      }
    </Loaded>
  );
}
