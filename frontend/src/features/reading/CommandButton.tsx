import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { keysFor, type Command } from '../../domain/keymap';

/** A button of the workstation with its key beside it. */
export function CommandButton(props: {
  command: Command;
  run: (command: Command) => void;
  label?: ReactNode;
  pressed?: boolean;
  disabled?: boolean;
  primary?: boolean;
}) {
  const { t } = useTranslation();
  return (
    <button
      type="button"
      className={`ws-btn${props.primary ? ' primary' : ''}`}
      data-command={props.command}
      disabled={props.disabled}
      {...(props.pressed === undefined ? {} : { 'aria-pressed': props.pressed })}
      onClick={() => props.run(props.command)}
    >
      <span>{props.label ?? t(`reading:command.${props.command}`)}</span>
      <kbd aria-hidden>{keysFor(props.command)}</kbd>
    </button>
  );
}
