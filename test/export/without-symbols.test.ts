import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { structpage } from '../cli/run.ts';

const dir = mkdtempSync(join(tmpdir(), 'structpage-symbols-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** Captures whose symbol table was left out. */
const CAPTURES = ['arm64-4k-6.12.elf.zst', 'riscv64-6.12.elf.zst'];

test.each(CAPTURES)('metadata that need symbols are left out, and nothing else: %s', (name) => {
  const capture = join(import.meta.dirname, '..', 'fixtures', name);
  const path = join(dir, `${name}.parquet`);
  const { code, err } = structpage('export', capture, '-o', path, '--where', 'type == slab');
  expect([code, err]).toEqual([0, '']);
  const text = readFileSync(path, 'latin1');
  expect(text).toContain('structpage.release');
  expect(text).not.toContain('structpage.host');
  expect(structpage('diff', capture, capture).code).toBe(0);
});
