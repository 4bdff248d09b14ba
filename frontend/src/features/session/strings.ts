export const sessionStrings = {
  en: {
    title: 'Sign in', email: 'E-mail', password: 'Password', next: 'Continue', signIn: 'Sign in', otp: 'Code from your authenticator',
    otpHint: 'Six digits, or one of your recovery codes.', back: 'Another account', redirecting: 'You sign in with your organisation.', tagline: 'Labels that can be trusted.',
    refused: 'Your organisation did not let you in.', refusedRemedy: 'None of its rules gives you a role here, or its answer could not be verified. Ask the person who administers Fiducial in your organisation.',
  },
  de: {
    title: 'Anmelden', email: 'E-Mail', password: 'Passwort', next: 'Weiter', signIn: 'Anmelden', otp: 'Code aus Ihrer Authenticator-App',
    otpHint: 'Sechs Ziffern oder einer Ihrer Wiederherstellungscodes.', back: 'Anderes Konto', redirecting: 'Sie melden sich bei Ihrer Organisation an.', tagline: 'Labels, denen man trauen kann.',
    refused: 'Ihre Organisation hat Sie nicht hereingelassen.', refusedRemedy: 'Keine ihrer Regeln gibt Ihnen hier eine Rolle, oder ihre Antwort ließ sich nicht prüfen. Fragen Sie, wer Fiducial in Ihrer Organisation verwaltet.',
  },
};
