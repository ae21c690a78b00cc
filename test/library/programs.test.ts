import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const TSC = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
const dir = mkdtempSync(join(tmpdir(), 'structpage-test-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** Programs of a document: its blocks of code that import the package. */
function programsOf(document: string): string[] {
  const text = readFileSync(join(ROOT, document), 'utf8');
  return [...text.matchAll(/^```(?:js|ts)\n(.*?)^```$/gms)]
    .map((m) => m[1]!)
    .filter((program) => program.includes("from 'structpage'"));
}

const PROGRAMS = ['README.md', 'docs/library.md'].flatMap((document) =>
  programsOf(document).map((text, i) => ({ name: `${document.replace(/\W/g, '-')}-${i + 1}`, text })),
);
const EXAMPLES = ['slab-by-cache', 'unaccounted'];

beforeAll(() => {
  mkdirSync(join(dir, 'node_modules', '@types'), { recursive: true });
  symlinkSync(ROOT, join(dir, 'node_modules', 'structpage'));
  for (const types of ['@types/node', 'undici-types'])
    symlinkSync(join(ROOT, 'node_modules', types), join(dir, 'node_modules', types));
  copyFileSync(join(ROOT, 'examples', 'sample.elf.gz'), join(dir, 'vmcore'));
  for (const { name, text } of PROGRAMS) writeFileSync(join(dir, `${name}.mts`), text);
  for (const name of EXAMPLES) copyFileSync(join(ROOT, 'examples', `${name}.mjs`), join(dir, `${name}.mjs`));
  const compilerOptions = {
    target: 'ES2022',
    lib: ['ES2023', 'ESNext.Disposable'],
    module: 'nodenext',
    types: ['node'],
    strict: true,
    noUncheckedIndexedAccess: false,
    allowJs: true,
    checkJs: true,
    skipLibCheck: false,
    outDir: 'out',
    rootDir: '.',
  };
  writeFileSync(join(dir, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(dir, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.mts', '*.mjs'] }));
});

describe('programs of the documents', () => {
  test('compile under strict', () => {
    expect(PROGRAMS.length).toBeGreaterThan(4);
    const { stdout, status } = spawnSync(process.execPath, [TSC, '-p', dir], { encoding: 'utf8' });
    expect([stdout, status]).toEqual(['', 0]);
  }, 60_000);

  test.each([...PROGRAMS.map((p) => p.name), ...EXAMPLES])(
    '%s runs',
    (name) => {
      const args = EXAMPLES.includes(name) ? ['vmcore'] : [];
      const out = execFileSync(process.execPath, [join(dir, 'out', `${name}.mjs`), ...args], {
        cwd: dir,
        encoding: 'utf8',
      });
      if (!/library-md-3/.test(name)) expect(out).not.toBe('');
    },
    60_000,
  );

  test('write what they say', () => {
    const run = (name: string): string =>
      execFileSync(process.execPath, [join(dir, 'out', `docs-library-md-${name}.mjs`)], {
        cwd: dir,
        encoding: 'utf8',
      });
    expect(run('1')).toBe('page tables hold 113 references\n');
    expect(readFileSync(join(dir, 'pages.csv'), 'utf8')).toMatch(/^pfn;zone\n0;DMA\n1;DMA\n/);
    expect(run('4').trimEnd().split('\n').slice(1)).toEqual([
      '{"zone":"DMA","spanned":4095}',
      '{"zone":"DMA32","spanned":36831}',
    ]);
    expect(run('5')).toBe('65536\n');
  }, 60_000);
});
