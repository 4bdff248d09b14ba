import { SegmentedControl } from '@mantine/core';
import { useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { SeriesDetail, StudyDetail } from '../../api/contract';
import { useApi } from '../../api/hooks';
import { formatDicomDate, formatNumber } from '../../ui/format';
import { Loaded } from '../../ui/Messages';
import { Facts, Page } from '../../ui/Page';
import { StateMark } from '../../ui/StateMark';
import { useUrlState } from '../../ui/urlState';
import { Deidentification, Findings, Timeline } from './SeriesSections';

const TABS = ['quality', 'deidentification', 'timeline'] as const;

/** One study: its series, and for each what was found, what was changed, and who looked. */
export function StudyPage() {
  const { t, i18n } = useTranslation();
  const { studyId = '' } = useParams({ strict: false }) as { studyId?: string };
  const study = useApi<StudyDetail>(`/api/v1/studies/${studyId}`);
  const [url, setUrl] = useUrlState();
  return (
    <Loaded value={study.data} problem={study.error} onRetry={() => void study.refetch()}>
      {(value) => {
        const series = value.series.find((entry) => entry.id === url.series) ?? value.series[0];
        const tab = TABS.find((name) => name === url.tab) ?? 'quality';
        return (
          <Page title={`${value.subject.pseudonym} · ${value.description || value.modalities.join(', ')}`}>
            <div className="stack" style={{ gap: 20 }}>
              <Facts
                rows={[
                  [t('studies:date'), formatDicomDate(value.study_date, i18n.language) || '–'],
                  [t('studies:modalities'), value.modalities.join(', ')],
                  [t('studies:uid'), <code key="u">{value.study_instance_uid}</code>],
                ]}
              />
              <div className="row wrap" style={{ alignItems: 'stretch' }}>
                {value.series.map((entry) => (
                  <SeriesCard key={entry.id} series={entry} chosen={entry.id === series?.id} onChoose={() => setUrl({ series: entry.id })} />
                ))}
              </div>
              {series && (
                <section className="stack hair-top">
                  <div className="row wrap between">
                    <h2>{[`${series.modality} ${series.number ?? ''}`, series.description].filter(Boolean).join(' · ')}</h2>
                    <SegmentedControl size="xs" value={tab} onChange={(next) => setUrl({ tab: next })} data={TABS.map((name) => ({ value: name, label: t(`studies:tab.${name}`) }))} />
                  </div>
                  <Facts
                    rows={[
                      [t('studies:size'), series.rows ? `${series.columns} × ${series.rows} × ${series.instance_count}` : String(series.instance_count)],
                      [t('studies:spacing'), series.spacing_mm ? `${series.spacing_mm.map((part) => formatNumber(part, i18n.language, 2)).join(' × ')} mm` : '–'],
                      [t('studies:seriesUid'), <code key="u">{series.series_instance_uid}</code>],
                    ]}
                  />
                  {tab === 'quality' && <Findings findings={series.quality.findings} />}
                  {tab === 'deidentification' && <Deidentification seriesId={series.id} />}
                  {tab === 'timeline' && <Timeline seriesId={series.id} />}
                </section>
              )}
            </div>
          </Page>
        );
      }}
    </Loaded>
  );
}

function SeriesCard({ series, chosen, onChoose }: { series: SeriesDetail; chosen: boolean; onChoose: () => void }) {
  const { t } = useTranslation();
  return (
    <button type="button" className="series-card" aria-pressed={chosen} onClick={onChoose}>
      {series.thumbnail_url && <img src={series.thumbnail_url} alt="" loading="lazy" />}
      <strong className="clip">{series.modality} {series.number ?? ''}</strong>
      <span className="clip dim" title={series.description}>{series.description}</span>
      <span className="dim">{t('studies:affected', { count: series.instance_count })}</span>
      <StateMark state={series.quality.worst} />
    </button>
  );
}
