export const frameStrings = {
  en: {
    skip: 'Skip to the content', rail: 'Rooms', tenant: 'Tenant', switchTenant: 'Switch tenant', where: 'Where you are',
    room: {
      worklist: 'Worklist', projects: 'Projects', studies: 'Studies', review: 'Review', datasets: 'Datasets', releases: 'Releases',
      jobs: 'Jobs', audit: 'Audit', members: 'Members', settings: 'Settings',
    },
    palette: 'Search or run a command', paletteEmpty: 'No command matches', goTo: 'Go to {{place}}', command: 'Command palette',
    jobsRunning_one: '{{count}} job running', jobsRunning_other: '{{count}} jobs running', jobsIdle: 'No job running',
    signOut: 'Sign out', theme: 'Light / dark', language: 'Deutsch', account: 'Account of {{name}}', settings: 'Security and tokens',
    notFound: 'This page does not exist', notFoundHint: 'The address may be old or mistyped.', home: 'To the start', broken: 'This page failed',
    chooseTenant: 'Choose where to work', noTenant: 'You belong to no tenant yet', noTenantHint: 'Ask the person who runs your organisation here to invite you.',
  },
  de: {
    skip: 'Zum Inhalt springen', rail: 'Räume', tenant: 'Mandant', switchTenant: 'Mandant wechseln', where: 'Wo Sie sind',
    room: {
      worklist: 'Arbeitsliste', projects: 'Projekte', studies: 'Studien', review: 'Prüfung', datasets: 'Datensätze', releases: 'Freigaben',
      jobs: 'Aufträge', audit: 'Protokoll', members: 'Mitglieder', settings: 'Einstellungen',
    },
    palette: 'Suchen oder Befehl ausführen', paletteEmpty: 'Kein Befehl passt', goTo: 'Gehe zu {{place}}', command: 'Befehlspalette',
    jobsRunning_one: '{{count}} Auftrag läuft', jobsRunning_other: '{{count}} Aufträge laufen', jobsIdle: 'Kein Auftrag läuft',
    signOut: 'Abmelden', theme: 'Hell / dunkel', language: 'English', account: 'Konto von {{name}}', settings: 'Sicherheit und Schlüssel',
    notFound: 'Diese Seite gibt es nicht', notFoundHint: 'Die Adresse ist vielleicht alt oder vertippt.', home: 'Zum Anfang', broken: 'Diese Seite ist gescheitert',
    chooseTenant: 'Wo möchten Sie arbeiten?', noTenant: 'Sie gehören noch zu keinem Mandanten', noTenantHint: 'Bitten Sie die zuständige Person Ihrer Organisation um eine Einladung.',
  },
};
