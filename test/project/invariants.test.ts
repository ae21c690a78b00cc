import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SRC = join(ROOT, 'src');

/** Folders of src/, lowest last: what stands lower must not import what stands higher. Equals do not know each other. */
const ORDER: readonly (readonly string[])[] = [
  ['cli'],
  ['index.ts'],
  ['fleet'],
  ['map', 'metrics'],
  ['snapshot', 'sql', 'diff', 'top'],
  ['tables'],
  ['inspector'],
  ['export'],
  ['scan'],
  ['views'],
  ['decode'],
  ['referrers'],
  ['classify', 'proc', 'owners'],
  ['objects'],
  ['memmap'],
  ['kernel'],
  ['translate'],
  ['sources', 'arch', 'layout'],
  ['formats', 'native', 'loops', 'table'],
  ['core'],
];

/** Seams that name a type of another level, for the compiler alone. */
const TYPE_ONLY: readonly string[] = ['scan -> inspector', 'decode -> memmap'];

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

function files(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts') && !name.includes('/generated/'))
    .map((name) => join(dir, name));
}

const sources = files(SRC).map((path) => ({ path, text: readFileSync(path, 'utf8') }));

const imports: Import[] = sources.flatMap(({ path, text }) =>
  [...text.matchAll(/^(?:import|export)\s+(type\s)?[^;]*?from\s+'([^']+)';/gms)].map(([, type, to]) => ({
    from: relative(SRC, path),
    to: to!.startsWith('.') ? relative(SRC, resolve(dirname(path), to!)) : to!,
    typeOnly: type !== undefined,
  })),
);

const folder = (file: string): string => file.split('/')[0]!;
const level = (name: string): number => ORDER.findIndex((names) => names.includes(name));

describe('structure', () => {
  test('imports point down only', () => {
    const wrong = imports.filter(({ from, to, typeOnly }) => {
      const [a, b] = [folder(from), folder(to)];
      if (a === b || level(b) < 0) return false;
      if (typeOnly && TYPE_ONLY.includes(`${a} -> ${b}`)) return false;
      return level(a) < 0 || level(b) <= level(a);
    });
    expect(wrong.map((i) => `${i.from} imports ${i.to}`)).toEqual([]);
  });

  test('there are no cycles', () => {
    const graph = new Map<string, string[]>();
    for (const { from, to, typeOnly } of imports) {
      if (!typeOnly && to.endsWith('.ts')) graph.set(from, [...(graph.get(from) ?? []), to]);
    }
    const done = new Set<string>();
    const visit = (file: string, path: readonly string[]): string[] => {
      if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
      if (done.has(file)) return [];
      for (const next of graph.get(file) ?? []) {
        const cycle = visit(next, [...path, file]);
        if (cycle.length > 0) return cycle;
      }
      done.add(file);
      return [];
    };
    for (const file of graph.keys()) expect(visit(file, [])).toEqual([]);
  });

  test('koffi is used in src/native alone, and only the command prints or exits', () => {
    const users = imports.filter((i) => i.to === 'koffi' && folder(i.from) !== 'native').map((i) => i.from);
    expect(users).toEqual([]);
    const loud = sources.filter(
      ({ path, text }) => !path.includes('/cli/') && /\bconsole\.|process\.(exit|stdout|stderr)\b/.test(text),
    );
    expect(loud.map((s) => relative(SRC, s.path))).toEqual([]);
  });

  test('the library starts threads by a script of its own', () => {
    const scripts = sources.flatMap(({ path, text }) =>
      folder(relative(SRC, path)) === 'cli'
        ? []
        : [...text.matchAll(/new URL\('([^']+)'/g)].map((m) => m[1]!),
    );
    expect(scripts).toContain('../../dist/scan/worker.js');
    expect(scripts.filter((to) => to.includes('/cli/'))).toEqual([]);
  });

  test('no file is long', () => {
    const long = sources.filter((s) => s.text.split('\n').length > 400).map((s) => relative(SRC, s.path));
    expect(long).toEqual([]);
  });
});

describe('package', () => {
  const own = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

  test('what is imported is declared, and what is declared is imported', () => {
    const used = new Set(
      sources.flatMap(({ text }) =>
        [...text.matchAll(/(?:from |import\(|\)\()'([^'.][^']*)'/g)]
          .map((m) => m[1]!)
          .filter((name) => !name.startsWith('node:'))
          .map((name) =>
            name
              .split('/')
              .slice(0, name.startsWith('@') ? 2 : 1)
              .join('/'),
          ),
      ),
    );
    const declared = { ...own.dependencies, ...own.peerDependencies };
    expect([...used].sort()).toEqual(Object.keys(declared).sort());
  });

  test('licences of what is installed with it are permissive', () => {
    const { resolve: find } = createRequire(join(ROOT, 'package.json'));
    for (const name of Object.keys(own.dependencies)) {
      const [before] = find(name).split(`/node_modules/${name}/`);
      const { license } = JSON.parse(readFileSync(`${before}/node_modules/${name}/package.json`, 'utf8'));
      expect([name, license]).toEqual([
        name,
        expect.stringMatching(/^(MIT|ISC|Apache-2\.0|BSD-[23]-Clause|0BSD|\(?MIT.*)$/),
      ]);
    }
  });

  test('the lock file names no place to fetch from', () => {
    expect(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).not.toContain('"resolved"');
  });
});
