export const studiesStrings = {
  en: {
    title: 'Studies', subject: 'Subject', date: 'Study date', description: 'Description', modalities: 'Modalities', series: 'Series', images: 'Images', quality: 'Quality', created: 'Admitted', uid: 'Study Instance UID', findings_one: '{{count}} finding', findings_other: '{{count}} findings',
    emptyTitle: 'No study in this project yet', emptyHint: 'Studies appear here once a delivery was checked, de-identified and admitted.', goIntake: 'Bring studies in', noProject: 'You have no project yet', open: 'Open the study', seriesUid: 'Series Instance UID', size: 'Size', spacing: 'Spacing', affected: '{{count}} images', noFindings: 'No quality finding.',
    tab: { quality: 'Quality', deidentification: 'De-identification', timeline: 'Audit' }, actions: { X: 'Removed', Z: 'Emptied', D: 'Replaced', U: 'New UID', C: 'Cleaned', K: 'Kept' }, policy: 'Policy', changes: 'What was changed', tag: 'Tag', action: 'Action', reason: 'Why', instances: 'Images', noChanges: 'Nothing had to be changed: the bytes are those that arrived.',
    when: 'When', who: 'Who', what: 'What', outcome: 'Outcome', sealed: 'Sealed', notSealed: 'not sealed yet', noEvents: 'No event yet.', consequence: 'What it means', remedy: 'What to do',
  },
  de: {
    title: 'Studien', subject: 'Person', date: 'Studiendatum', description: 'Beschreibung', modalities: 'Modalitäten', series: 'Serien', images: 'Bilder', quality: 'Qualität', created: 'Zugelassen', uid: 'Study Instance UID', findings_one: '{{count}} Befund', findings_other: '{{count}} Befunde',
    emptyTitle: 'Noch keine Studie in diesem Projekt', emptyHint: 'Studien erscheinen hier, sobald eine Lieferung geprüft, de-identifiziert und zugelassen ist.', goIntake: 'Studien einbringen', noProject: 'Sie haben noch kein Projekt', open: 'Studie öffnen', seriesUid: 'Series Instance UID', size: 'Größe', spacing: 'Abstand', affected: '{{count}} Bilder', noFindings: 'Kein Qualitätsbefund.',
    tab: { quality: 'Qualität', deidentification: 'De-Identifikation', timeline: 'Protokoll' }, actions: { X: 'Entfernt', Z: 'Geleert', D: 'Ersetzt', U: 'Neue UID', C: 'Bereinigt', K: 'Behalten' }, policy: 'Regelwerk', changes: 'Was geändert wurde', tag: 'Tag', action: 'Handlung', reason: 'Warum', instances: 'Bilder', noChanges: 'Nichts musste geändert werden: die Bytes sind die, die ankamen.',
    when: 'Wann', who: 'Wer', what: 'Was', outcome: 'Ausgang', sealed: 'Versiegelt', notSealed: 'noch nicht versiegelt', noEvents: 'Noch kein Ereignis.', consequence: 'Was es bedeutet', remedy: 'Was tun',
  },
};
