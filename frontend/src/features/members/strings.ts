export const membersStrings = {
  en: { title: 'Members', name: 'Name', email: 'E-mail', role: 'Role', since: 'Since', add: 'Invite', remove: 'Remove', emptyTitle: 'No member yet', emptyHint: 'Invite the people of your organisation.', roles: { owner: 'Owner', admin: 'Administrator', member: 'Member', auditor: 'Auditor' } },
  de: { title: 'Mitglieder', name: 'Name', email: 'E-Mail', role: 'Rolle', since: 'Seit', add: 'Einladen', remove: 'Entfernen', emptyTitle: 'Noch kein Mitglied', emptyHint: 'Laden Sie die Menschen Ihrer Organisation ein.', roles: { owner: 'Inhaber', admin: 'Verwaltung', member: 'Mitglied', auditor: 'Revision' } },
};
