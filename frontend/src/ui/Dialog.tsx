import { Modal } from '@mantine/core';
import type { ReactNode } from 'react';

interface DialogProps {
  opened: boolean;
  title: string;
  onClose: () => void;
  size?: string;
  /** A palette sits near the top; a question sits in the middle. */
  top?: boolean;
  hideTitle?: boolean;
  children: ReactNode;
}

/** A named dialog: focus stays inside, Escape closes, focus goes back to where it was. */
export function Dialog({ opened, title, onClose, size = 'md', top = false, hideTitle = false, children }: DialogProps) {
  return (
    <Modal.Root opened={opened} onClose={onClose} size={size} centered={!top} {...(top ? { yOffset: '12vh' } : {})} transitionProps={{ duration: 0 }}>
      <Modal.Overlay backgroundOpacity={0.5} />
      <Modal.Content aria-label={title}>
        <Modal.Body p="lg">
          {!hideTitle && <h2 style={{ marginBottom: 12 }}>{title}</h2>}
          {children}
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
