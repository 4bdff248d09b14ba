import { describe, expect, it } from 'vitest';
import { BUNDLES } from './i18n';

function leaves(value: unknown, path = ''): [string, string][] {
  if (typeof value === 'string') return [[path, value]];
  return Object.entries(value as object).flatMap(([key, inner]) => leaves(inner, path ? `${path}.${key}` : key));
}

const holes = (text: string) => [...text.matchAll(/\{\{(\w+)/g)].map((match) => match[1]).sort();

describe.each(Object.entries(BUNDLES))('strings of %s', (_name, words) => {
  const english = new Map(leaves(words.en));
  const german = new Map(leaves(words.de));

  it('have the same keys in both languages', () => {
    expect([...german.keys()].sort()).toEqual([...english.keys()].sort());
  });

  it('fill the same holes in both languages', () => {
    for (const [key, text] of english) expect([key, holes(german.get(key) ?? '')]).toEqual([key, holes(text)]);
  });
});
