import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ARCHITECTURES } from '../../src/arch/registry.ts';
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
/** Enums that only files of /proc and owners of BPF maps need, of kernels with BTF. */
const ONLY_OF_BTF: readonly string[] = ['vm_stat_item', 'numa_stat_item', 'bpf_map_type'];

test('what the sources ask for is wanted', () => {
  const missing: string[] = [];
  let asked = 0;
  const check = (file: string, name: string, wanted: boolean): void => {
    asked++;
    if (!wanted) missing.push(`${file}: ${name}`);
  };
  for (const file of readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts') || file.startsWith('formats/')) continue;
    const text = readFileSync(new URL(file, SOURCES), 'utf8');
    for (const [, struct, path] of text.matchAll(
      /(?:\.place\(|memberOf\(\s*[\w.]+,)\s*'(\w+)',\s*'([\w.]+)'/g,
    )) {
      check(file, `${struct}.${path}`, isWanted(struct!, path!));
    }
    for (const [, struct] of text.matchAll(/\.structSize\(\s*'(\w+)'/g)) {
      check(file, struct!, struct! in WANTED_STRUCTS);
    }
    for (const [, name] of text.matchAll(/\.enumerators\(\s*'(\w+)'/g)) {
      check(file, name!, WANTED_ENUMS.includes(name!) || ONLY_OF_BTF.includes(name!));
    }
  }
  expect(missing).toEqual([]);
  expect(asked).toBeGreaterThan(20);
});

describe('the layout of struct page asks for nothing else, and resolves from every file', () => {
  const root = new URL('../../layouts/', import.meta.url);

  test.each([...new Set(layoutIndex().map((entry) => entry.file))])('%s', (file) => {
    const facts = factsFromJson(
      parseLayout(readFileSync(new URL(file, root), 'utf8'), file),
      file,
      'layout-named',
    );
    const model = ARCHITECTURES.find(({ name }) => name === file.split('/')[0])!;
    const memory = { model, vmemmap: model.wordBytes === 8, maxPhysicalBits: 46, sectionSizeBits: 27 };
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
    // words of records have 64 bits
    const record = (facts.structSize('page')! * 8) / model.wordBytes;
    expect(resolvePageLayout(recorder, memory, undefined).size).toBe(record);
    expect(asked).toEqual([]);
  });
});
