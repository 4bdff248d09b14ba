import { useTranslation } from 'react-i18next';
import { BINDINGS, keysFor, type Binding, type Command } from '../../domain/keymap';
import { Dialog } from '../../ui/Dialog';

/** Every key in one look; the table is the one the handler uses. */
export function CheatSheet({ opened, adjudication, onClose }: { opened: boolean; adjudication: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const groups: Binding['group'][] = adjudication ? ['case', 'tools', 'view', 'adjudication'] : ['case', 'tools', 'view'];
  const commandsOf = (group: Binding['group']): Command[] => [
    ...new Set(BINDINGS.filter((binding) => binding.group === group && !binding.command.startsWith('preset')).map((binding) => binding.command)),
  ];
  return (
    <Dialog opened={opened} onClose={onClose} title={t('reading:cheatTitle')} size="lg">
      <div className="cheat">
        {groups.map((group) => (
          <section key={group}>
            <h2>{t(`reading:group.${group}`)}</h2>
            <dl>
              {commandsOf(group).map((command) => [
                <dt key={`${command}-k`}><kbd>{keysFor(command)}</kbd></dt>,
                <dd key={`${command}-t`}>{t(`reading:command.${command}`)}</dd>,
              ])}
              {group === 'view' && [<dt key="p-k"><kbd>1</kbd> – <kbd>9</kbd></dt>, <dd key="p-t">{t('reading:window')}</dd>]}
            </dl>
          </section>
        ))}
        <section>
          <h2>{t('reading:mouse')}</h2>
          {['mouseLeft', 'mouseWheel', 'mouseCtrlWheel', 'mouseRight', 'mouseMiddle'].map((line) => (
            <p key={line}>{t(`reading:${line}`)}</p>
          ))}
        </section>
      </div>
    </Dialog>
  );
}
