/** A file with its path inside what the person dropped: the path is its name in the delivery. */
export interface PickedFile {
  name: string;
  file: File;
}

export function fromInput(list: FileList): PickedFile[] {
  return [...list].map((file) => ({ name: file.webkitRelativePath || file.name, file })).filter(isWanted);
}

/** Walks dropped folders to their last file; order is stable by name. */
export async function fromDrop(items: DataTransferItemList): Promise<PickedFile[]> {
  const entries = [...items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const found: PickedFile[] = [];
  for (const entry of entries) await walk(entry, found);
  return found.filter(isWanted).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function isWanted({ name }: PickedFile): boolean {
  const last = name.split('/').at(-1) ?? '';
  return last !== '' && last !== '.DS_Store' && last !== 'Thumbs.db' && !name.startsWith('__MACOSX/');
}

async function walk(entry: FileSystemEntry, found: PickedFile[]): Promise<void> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    found.push({ name: entry.fullPath.replace(/^\//, ''), file });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  // a reader hands out at most 100 entries at a time
  for (;;) {
    const batch = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (batch.length === 0) return;
    for (const inner of batch) await walk(inner, found);
  }
}

export function deliveryName(files: PickedFile[], now: Date): string {
  const folder = files[0]?.name.includes('/') ? files[0].name.split('/')[0] : files.length === 1 ? files[0]?.name : '';
  return `${folder || 'upload'} ${now.toISOString().slice(0, 16).replace('T', ' ')}`;
}
