import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import { projectsStrings } from '../features/projects/strings';
import { intakeStrings } from '../features/intake/strings';
import { studiesStrings } from '../features/studies/strings';
import { reviewStrings } from '../features/review/strings';
import { datasetsStrings } from '../features/datasets/strings';
import { releasesStrings } from '../features/releases/strings';
import { jobsStrings } from '../features/jobs/strings';
import { auditStrings } from '../features/audit/strings';
import { membersStrings } from '../features/members/strings';
import { settingsStrings } from '../features/settings/strings';
import { readingStrings } from '../features/reading/strings';
import { sessionStrings } from '../features/session/strings';
import { worklistStrings } from '../features/worklist/strings';
import { uiStrings } from '../ui/strings';
import { frameStrings } from './strings';

export const LANGUAGES = ['en', 'de'] as const;
export type Language = (typeof LANGUAGES)[number];

/** Every feature brings its own words in both languages under its own name. */
export const BUNDLES = {
  ui: uiStrings,
  frame: frameStrings,
  session: sessionStrings,
  worklist: worklistStrings,
  reading: readingStrings,
  settings: settingsStrings,
  members: membersStrings,
  audit: auditStrings,
  jobs: jobsStrings,
  releases: releasesStrings,
  datasets: datasetsStrings,
  review: reviewStrings,
  studies: studiesStrings,
  intake: intakeStrings,
  projects: projectsStrings,
};

function resourcesOf(language: Language): Record<string, object> {
  return Object.fromEntries(Object.entries(BUNDLES).map(([name, words]) => [name, words[language]]));
}

function preferred(): Language {
  const kept = localStorage.getItem('language') ?? navigator.language.slice(0, 2);
  return kept === 'de' ? 'de' : 'en';
}

export async function startI18n(): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: preferred(),
    fallbackLng: 'en',
    ns: Object.keys(BUNDLES),
    defaultNS: 'ui',
    resources: { en: resourcesOf('en'), de: resourcesOf('de') },
    interpolation: { escapeValue: false },
  });
  document.documentElement.lang = i18next.language;
}

export async function changeLanguage(language: Language): Promise<void> {
  localStorage.setItem('language', language);
  document.documentElement.lang = language;
  await i18next.changeLanguage(language);
}
