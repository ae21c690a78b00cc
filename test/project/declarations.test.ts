import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const INDEX = fileURLToPath(new URL('../../dist/index.d.ts', import.meta.url));

/** Doors into the inside: they are exported so that they have a name, but what is behind them is not. */
const DOORS = [
  'InspectorParts',
  'Kernel',
  'KpageFiles',
  'Objects',
  'OpenImage',
  'PageColumn',
  'PageReader',
  'PageTables',
  'Scan',
  'ScanPlan',
  'SlabCaches',
];

const toDeclarations = (from: string, path: string): string =>
  resolve(dirname(from), path).replace(/(?<!\.d)\.(js|ts)$/, '.d.ts');

/** The names in braces of imports or exports, with the file that they are from. */
function listed(text: string, file: string, keyword: 'import' | 'export'): [string, string][] {
  const lists = text.matchAll(new RegExp(`${keyword} (?:type )?\\{([^}]*)\\} from '(\\.[^']+)'`, 'g'));
  return [...lists].flatMap(([, names, from]) =>
    names!
      .split(',')
      .map((name) => /^(?:type\s+)?(\w+)/.exec(name.trim())?.[1])
      .filter((name) => name !== undefined)
      .map((name): [string, string] => [name, toDeclarations(file, from!)]),
  );
}

/** The declaration of a name, without comments. */
function declaration(name: string, text: string): string {
  const start = new RegExp(
    `^(?:export )?(?:declare )?(?:abstract )?(?:class|interface|type|function|const) ${name}\\b`,
    'm',
  ).exec(text);
  if (!start) return '';
  const rest = text.slice(start.index + start[0].length);
  const end = /^(?:export|declare|interface|type|class|import|function|const|\/\*\*)/m.exec(rest);
  return rest.slice(0, end?.index ?? rest.length).replace(/\/\*[\s\S]*?\*\//g, '');
}

test('every type that the declarations name is exported', () => {
  const exported = new Map(listed(readFileSync(INDEX, 'utf8'), INDEX, 'export'));
  expect(exported.size).toBeGreaterThan(60);
  const missing: string[] = [];
  for (const [name, file] of exported) {
    if (DOORS.includes(name)) continue;
    const text = readFileSync(file, 'utf8');
    const body = declaration(name, text);
    const types = new Set(listed(text, file, 'import').map(([type]) => type));
    for (const [, type] of text.matchAll(/^(?:export )?(?:declare )?(?:class|interface|type) (\w+)/gm))
      types.add(type!);
    for (const type of types) {
      // constants are named by typeof, for the types that are derived from them
      if (type === name || exported.has(type) || /^[A-Z_]+$/.test(type)) continue;
      if (new RegExp(`(?<!\\.)\\b${type}\\b(?!['?:(])`).test(body))
        missing.push(`${type}, which ${name} names: export it from src/index.ts`);
    }
  }
  expect(missing).toEqual([]);
});
