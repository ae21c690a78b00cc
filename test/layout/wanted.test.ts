import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { x86_64 } from '../../src/arch/x86_64.ts';
import { factsFromJson, parseLayout } from '../../src/layout/from-json.ts';
import { resolvePageLayout } from '../../src/layout/page-layout.ts';
import { layoutIndex } from '../../src/layout/registry.ts';
import type { TypeFacts } from '../../src/layout/type-facts.ts';
import { WANTED_ENUMS, WANTED_STRUCTS } from '../../src/layout/wanted.ts';

const SOURCES = new URL('../../src/', import.meta.url);

function isWanted(struct: string, path: string): boolean {
  return (WANTED_STRUCTS[struct] ?? []).flat().includes(path);
}

test('no path is listed twice in a struct, so that every name has one role', () => {
  for (const [struct, members] of Object.entries(WANTED_STRUCTS)) {
    const paths = members.flat();
    expect(paths, struct).toEqual([...new Set(paths)]);
  }
});

/**
 * A layouts/ file holds what wanted.ts names: whatever the program asks for beyond that it would find in BTF and miss
 * in a layouts/ file.
 */
describe('what the sources ask for is wanted', () => {
  const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.ts') && !name.startsWith('formats/'),
  );

  test.each(files)('%s', (name) => {
    const text = readFileSync(new URL(name, SOURCES), 'utf8');
    for (const [, struct, path] of text.matchAll(/\.place\(\s*'(\w+)',\s*'([\w.]+)'/g)) {
      expect(isWanted(struct!, path!), `${struct}.${path}`).toBe(true);
    }
    for (const [, struct, path] of text.matchAll(/memberOf\(\s*\w+,\s*'(\w+)',\s*'([\w.]+)'/g)) {
      expect(isWanted(struct!, path!), `${struct}.${path}`).toBe(true);
    }
    for (const [, struct] of text.matchAll(/\.structSize\(\s*'(\w+)'/g)) {
      expect(Object.keys(WANTED_STRUCTS)).toContain(struct);
    }
    for (const [, name] of text.matchAll(/\.enumerators\(\s*'(\w+)'/g)) expect(WANTED_ENUMS).toContain(name);
  });
});

describe('the layout of struct page asks for nothing else, and resolves from every file', () => {
  const root = new URL('../../layouts/', import.meta.url);
  const memory = { model: x86_64, vmemmap: true, maxPhysicalBits: 46, sectionSizeBits: 27 };

  test.each([...new Set(layoutIndex().map((entry) => entry.file))])('%s', (file) => {
    const facts = factsFromJson(
      parseLayout(readFileSync(new URL(file, root), 'utf8'), file),
      file,
      'layout-named',
    );
    const asked: string[] = [];
    const recorder: TypeFacts = {
      ...facts,
      structSize: (name) => {
        if (!(name in WANTED_STRUCTS)) asked.push(name);
        return facts.structSize(name);
      },
      place: (struct, path) => {
        if (!isWanted(struct, path)) asked.push(`${struct}.${path}`);
        return facts.place(struct, path);
      },
      enumerators: (name) => {
        if (!WANTED_ENUMS.includes(name)) asked.push(name);
        return facts.enumerators(name);
      },
    };
    expect(resolvePageLayout(recorder, memory, undefined).size).toBe(64);
    expect(asked).toEqual([]);
  });
});
