import { useTranslation } from 'react-i18next';
import { Page } from '../../ui/Page';
import { SecondFactor } from './SecondFactor';
import { Sessions } from './Sessions';
import { Tokens } from './Tokens';

/** One's own account: second factor, sessions, tokens of this tenant. */
export function SettingsPage() {
  const { t } = useTranslation();
  return (
    <Page title={t('settings:title')}>
      <div className="stack" style={{ gap: 28, maxWidth: 860 }}>
        <SecondFactor />
        <Sessions />
        <Tokens />
      </div>
    </Page>
  );
}
