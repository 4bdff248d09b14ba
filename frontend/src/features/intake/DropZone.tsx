import { Button } from '@mantine/core';
import { useRef, useState, type DragEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { fromDrop, fromInput, type PickedFile } from './picked';

/** Where a folder, files or a zip come in. */
export function DropZone({ onPicked }: { onPicked: (files: PickedFile[]) => void }) {
  const { t } = useTranslation();
  const folder = useRef<HTMLInputElement>(null);
  const files = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void fromDrop(event.dataTransfer.items).then(onPicked);
  };
  const pick = (input: HTMLInputElement) => {
    if (input.files) onPicked(fromInput(input.files));
    input.value = '';
  };
  return (
    <div
      className="drop"
      data-over={over}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <strong>{t('intake:drop')}</strong>
      <span className="dim">{t('intake:or')}</span>
      <div className="row">
        <Button onClick={() => folder.current?.click()}>{t('intake:pickFolder')}</Button>
        <Button onClick={() => files.current?.click()}>{t('intake:pickFiles')}</Button>
      </div>
      <span className="dim">{t('intake:resumeHint')}</span>
      <input ref={folder} type="file" hidden multiple aria-label={t('intake:pickFolder')} data-pick="folder" {...{ webkitdirectory: '' }} onChange={(event) => pick(event.currentTarget)} />
      <input ref={files} type="file" hidden multiple aria-label={t('intake:pickFiles')} data-pick="files" onChange={(event) => pick(event.currentTarget)} />
    </div>
  );
}
