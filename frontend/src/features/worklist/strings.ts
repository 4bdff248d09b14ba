export const worklistStrings = {
  en: {
    title: 'Worklist', next: 'Read the next case', case: 'Case', project: 'Project', stage: 'Stage', modality: 'Modality', images: 'Images', due: 'Due', priority: 'Priority', state: 'State', lease: 'Yours until',
    kind: { read: 'Read', adjudicate: 'Adjudicate', review: 'Review' }, open: 'Open', claimed: 'Claimed by you', submitted: 'Submitted today', take: 'Take this case', go: 'Continue reading',
    emptyTitle: 'No case is waiting for you', emptyHint: 'Cases appear here as soon as a project you read for admits a study. Nothing to do until then.',
  },
  de: {
    title: 'Arbeitsliste', next: 'Nächsten Fall befunden', case: 'Fall', project: 'Projekt', stage: 'Stufe', modality: 'Modalität', images: 'Bilder', due: 'Fällig', priority: 'Priorität', state: 'Zustand', lease: 'Ihrer bis',
    kind: { read: 'Befunden', adjudicate: 'Schlichten', review: 'Prüfen' }, open: 'Offen', claimed: 'Von Ihnen übernommen', submitted: 'Heute abgegeben', take: 'Diesen Fall nehmen', go: 'Weiter befunden',
    emptyTitle: 'Für Sie wartet kein Fall', emptyHint: 'Fälle erscheinen hier, sobald ein Projekt, für das Sie befunden, eine Studie zulässt. Bis dahin ist nichts zu tun.',
  },
};
