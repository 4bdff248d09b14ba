export const sessionStrings = {
  en: {
    title: 'Sign in', email: 'E-mail', password: 'Password', next: 'Continue', signIn: 'Sign in', otp: 'Code from your authenticator',
    otpHint: 'Six digits, or one of your recovery codes.', back: 'Another account', redirecting: 'You sign in with your organisation.', tagline: 'Labels that can be trusted.',
  },
  de: {
    title: 'Anmelden', email: 'E-Mail', password: 'Passwort', next: 'Weiter', signIn: 'Anmelden', otp: 'Code aus Ihrer Authenticator-App',
    otpHint: 'Sechs Ziffern oder einer Ihrer Wiederherstellungscodes.', back: 'Anderes Konto', redirecting: 'Sie melden sich bei Ihrer Organisation an.', tagline: 'Labels, denen man trauen kann.',
  },
};
