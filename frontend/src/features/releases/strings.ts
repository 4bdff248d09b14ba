export const releasesStrings = {
  en: {
    title: 'Releases', dataset: 'Dataset', name: 'Release', published: 'Published', digest: 'Version', emptyTitle: 'No release for you yet', emptyHint: 'When your supplier publishes a release for you, it appears here with its terms and one command to pull it.',
    what: 'What it is', how: 'How it was read', terms: 'Terms', pull: 'Pull it', pullHint: 'Resumable, and every file is verified by its hash.', cases: 'Cases', subjects: 'Subjects', modalities: 'Modalities', classes: 'Classes', readers: 'Readers per case', blinded: 'Blinded', yes: 'yes', no: 'no', byConsensus: 'Settled by consensus', byAdjudication: 'Settled by adjudication', files: 'Files', size: 'Size', path: 'Path', format: 'Format', formats: { nifti: 'NIfTI', 'dicom-seg': 'DICOM SEG' }, sha: 'SHA-256', download: 'Download', signature: 'Signature', noFiles: 'This release holds no file.',
  },
  de: {
    title: 'Freigaben', dataset: 'Datensatz', name: 'Freigabe', published: 'Veröffentlicht', digest: 'Version', emptyTitle: 'Noch keine Freigabe für Sie', emptyHint: 'Sobald Ihr Lieferant eine Freigabe für Sie veröffentlicht, erscheint sie hier mit Bedingungen und einem Befehl zum Abholen.',
    what: 'Was es ist', how: 'Wie befundet wurde', terms: 'Bedingungen', pull: 'Abholen', pullHint: 'Fortsetzbar, und jede Datei wird an ihrer Prüfsumme geprüft.', cases: 'Fälle', subjects: 'Personen', modalities: 'Modalitäten', classes: 'Klassen', readers: 'Befunder je Fall', blinded: 'Verblindet', yes: 'ja', no: 'nein', byConsensus: 'Durch Konsens entschieden', byAdjudication: 'Durch Schlichtung entschieden', files: 'Dateien', size: 'Größe', path: 'Pfad', format: 'Format', formats: { nifti: 'NIfTI', 'dicom-seg': 'DICOM SEG' }, sha: 'SHA-256', download: 'Herunterladen', signature: 'Signatur', noFiles: 'Diese Freigabe enthält keine Datei.',
  },
};
