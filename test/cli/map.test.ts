import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { SAMPLE, shell, structpage } from './run.ts';

const dir = mkdtempSync(join(tmpdir(), 'structpage-map-'));
afterAll(() => rmSync(dir, { recursive: true }));

describe('structpage map', () => {
  test('writes a PNG, and prints what the colours mean', () => {
    const path = join(dir, 'map.png');
    const { code, out, err } = structpage('map', SAMPLE, '-o', path);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^buddy +11495 +44\.9 MiB$/m);
    expect(readFileSync(path).subarray(1, 4).toString()).toBe('PNG');
    expect(readdirSync(dir)).toEqual(['map.png']);
  });

  test('tells what the dump does not hold', () => {
    const { code, err } = structpage('map', SAMPLE, '-o', join(dir, 'blocks.png'), '--by', 'migratetype');
    expect(code).not.toBe(0);
    expect(err).toContain('migratetypes');
    expect(readdirSync(dir)).not.toContain('blocks.png');
  });

  test('writes to a pipe and to a device', () => {
    const command = `structpage map ${SAMPLE} --format png -o`;
    expect(shell(`${command} - | head -c 4 | tail -c 3`).out).toBe('PNG');
    expect(shell(`${command} /dev/null`).code).toBe(0);
  });

  test('refuses what makes no sense, in a sentence', () => {
    const refused = (...args: string[]): string => {
      const { code, err } = structpage('map', SAMPLE, ...args);
      expect(code).toBe(2);
      return err;
    };
    expect(refused('-o', join(dir, 'map.gif'))).toContain('end it in .html or .png');
    expect(refused('-o', join(dir, 'map.html'), '--scale', '2')).toContain('--scale applies to PNG only');
    expect(refused('-o', join(dir, 'map.png'), '--max-size', '1M')).toContain(
      '--max-size applies to HTML only',
    );
    const input = join(dir, 'input.png');
    writeFileSync(input, readFileSync(SAMPLE));
    expect(structpage('map', input, '-o', input).err).toContain('is also an input');
    expect(refused('--format', 'html', '-o', SAMPLE)).toContain('is also an input');
  });

  test('a dump does not differ from itself', () => {
    const { code, out } = structpage('map', SAMPLE, '--diff', SAMPLE, '-o', join(dir, 'same.png'));
    expect(code).toBe(0);
    expect(out).toMatch(/^same +65536 /m);
    expect(out.trim().split('\n')).toHaveLength(2);
  });
});

describe('structpage treemap', () => {
  test('writes collapsed stacks that add up to all pages', () => {
    const { code, out } = structpage('treemap', SAMPLE, '--by', 'zone,type', '--collapsed', '-o', '-');
    expect(code).toBe(0);
    const lines = out.trimEnd().split('\n');
    expect(lines).toContain(`DMA32;slab ${2905 * 4096}`);
    const sum = lines.reduce((total, line) => total + Number(/ (\d+)$/.exec(line)![1]), 0);
    expect(sum).toBe(65536 * 4096);
  });

  test('writes a page, and refuses columns that do not exist', () => {
    const path = join(dir, 'slabs.html');
    expect(structpage('treemap', SAMPLE, '--by', 'type,slab_cache', '-o', path).code).toBe(0);
    expect(readFileSync(path, 'utf8')).toContain('<title>Memory of sample.elf.gz</title>');
    const { code, err } = structpage('treemap', SAMPLE, '--by', 'typ', '-o', path);
    expect([code, err]).toEqual([2, expect.stringContaining("there is no column 'typ'")]);
  });
});
