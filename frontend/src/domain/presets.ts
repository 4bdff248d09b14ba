export interface WindowPreset {
  key: string;
  center: number;
  width: number;
}

/** CT windows in HU on the digits 1 to 9, as PACS users expect them. */
export const CT_PRESETS: readonly WindowPreset[] = [
  { key: 'softTissue', center: 40, width: 400 },
  { key: 'lung', center: -600, width: 1500 },
  { key: 'bone', center: 500, width: 2000 },
  { key: 'brain', center: 40, width: 80 },
  { key: 'liver', center: 60, width: 160 },
  { key: 'mediastinum', center: 50, width: 350 },
  { key: 'angio', center: 300, width: 600 },
  { key: 'stroke', center: 35, width: 30 },
];

/** Presets of a series: the one it was sent with comes last, on the first free digit. */
export function presetsFor(modality: string, own: { center: number; width: number } | null): WindowPreset[] {
  const presets = modality === 'CT' ? [...CT_PRESETS] : [];
  if (own) presets.push({ key: 'asSent', ...own });
  return presets.slice(0, 9);
}

/** First and last value that get a grey of their own (PS3.3 C.11.2.1.2.1, linear). */
export function rangeOf({ center, width }: { center: number; width: number }): { lower: number; upper: number } {
  const half = (Math.max(width, 1) - 1) / 2;
  return { lower: center - 0.5 - half, upper: center - 0.5 + half };
}

export function windowOf({ lower, upper }: { lower: number; upper: number }): { center: number; width: number } {
  return { center: (lower + upper) / 2 + 0.5, width: upper - lower + 1 };
}
