export const reviewStrings = {
  en: {
    title: 'Review', case: 'Case', subject: 'Subject', state: 'State', reads: 'Reads', agreement: 'Worst agreement', standard: 'Reference standard', updated: 'Changed', how: { consensus: 'Consensus', adjudication: 'Adjudication' }, noProject: 'You have no project yet',
    emptyTitle: 'No case here', emptyHint: 'A case is made for every admitted study; it shows here with its reads and how far they agree.', open: 'Open the case',
    readsTitle: 'Reads', reader: 'Reader', signed: 'Signed', time: 'Reading time', hidden: 'hidden while blinded', agreementTitle: 'Agreement per class', className: 'Class', metric: 'Metric', value: 'Value', interval: 'Interval', limit: 'Limit', definition: 'Definition', noAgreement: 'Agreement is computed when all blinded reads are signed.',
    consensusTitle: 'Consensus', adjudicationTitle: 'Adjudication', decided: 'Decided', rationale: 'Rationale', decisionsTitle: 'Decisions', accept: 'Accept', return: 'Return', comment: 'Comment', noStandard: 'No reference standard yet.', standardLine: 'Reference standard by {{how}}', study: 'Study', openStudy: 'Open the study', decision: { accepted: 'Accepted', returned: 'Returned' },
  },
  de: {
    title: 'Prüfung', case: 'Fall', subject: 'Person', state: 'Zustand', reads: 'Befunde', agreement: 'Schlechteste Übereinstimmung', standard: 'Referenzstandard', updated: 'Geändert', how: { consensus: 'Konsens', adjudication: 'Schlichtung' }, noProject: 'Sie haben noch kein Projekt',
    emptyTitle: 'Kein Fall hier', emptyHint: 'Für jede zugelassene Studie entsteht ein Fall; hier steht er mit seinen Befunden und ihrer Übereinstimmung.', open: 'Fall öffnen',
    readsTitle: 'Befunde', reader: 'Befunder', signed: 'Unterzeichnet', time: 'Befundzeit', hidden: 'verborgen, solange verblindet', agreementTitle: 'Übereinstimmung je Klasse', className: 'Klasse', metric: 'Maß', value: 'Wert', interval: 'Intervall', limit: 'Grenze', definition: 'Definition', noAgreement: 'Die Übereinstimmung wird berechnet, wenn alle verblindeten Befunde unterzeichnet sind.',
    consensusTitle: 'Konsens', adjudicationTitle: 'Schlichtung', decided: 'Entschieden', rationale: 'Begründung', decisionsTitle: 'Entscheidungen', accept: 'Annehmen', return: 'Zurückgeben', comment: 'Bemerkung', noStandard: 'Noch kein Referenzstandard.', standardLine: 'Referenzstandard durch {{how}}', study: 'Studie', openStudy: 'Studie öffnen', decision: { accepted: 'Angenommen', returned: 'Zurückgegeben' },
  },
};
