import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bytesSource } from '../../src/core/bytes.ts';
import { openImage } from '../../src/sources/open-image.ts';
import { buildKdump } from '../builders/kdump.ts';

/** What a dump may cost, whatever it claims, in MiB; Node.js itself takes some 45 of it. */
const MOST = 256;
const MAIN = join(import.meta.dirname, '../../dist/cli/main.js');
const REPORT = `data:text/javascript,${encodeURIComponent(
  "process.on('exit', () => process._rawDebug('peak ' + process.resourceUsage().maxRSS))",
)}`;
const elf = gunzipSync(readFileSync(new URL('../../examples/sample.elf.gz', import.meta.url)));
const dir = mkdtempSync(join(tmpdir(), 'structpage-test-'));
afterAll(() => rmSync(dir, { recursive: true }));
let kdump: Uint8Array;

beforeAll(async () => {
  const image = await openImage(bytesSource(elf));
  const lines = [...image.memory.runs]
    .filter((run) => run.state === 'present')
    .map((run) => `${(run.start / 4096).toString(16)}-${(run.end / 4096 - 1).toString(16)} ram`);
  const content = (pfn: number): Uint8Array => {
    const page = new Uint8Array(4096);
    image.memory.readInto(pfn * 4096, page);
    return page;
  };
  kdump = await buildKdump({ pages: lines.join('\n'), codec: 'zlib', content });
});

/** The most memory that the command had, in MiB; it must end by itself, with a sentence if not well. */
function peakOf(bytes: Uint8Array): number {
  const path = join(dir, 'dump');
  writeFileSync(path, bytes);
  const args = ['--import', REPORT, MAIN, 'summary', '--no-cache', path];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000 });
  expect([0, 3, 4]).toContain(status);
  expect(stderr).not.toContain('    at ');
  return Number(/peak (\d+)/.exec(stderr)?.[1]) / 1024;
}

describe('whatever a dump claims, it takes no more memory than there is reason for', () => {
  test('as it is', () => {
    expect(peakOf(elf)).toBeLessThan(MOST);
    expect(peakOf(kdump)).toBeLessThan(MOST);
  });

  test.each(['ELF', 'kdump'])(
    '%s whose header claims the greatest of everything',
    { timeout: 120_000 },
    (form) => {
      const whole = form === 'ELF' ? elf : kdump;
      // the header of ELF and its program headers; the header of kdump and its sub-header
      const places =
        form === 'ELF'
          ? Array.from({ length: 30 }, (_, i) => 32 + i * 8)
          : [
              ...Array.from({ length: 14 }, (_, i) => 408 + i * 4),
              ...Array.from({ length: 12 }, (_, i) => 4096 + i * 8),
            ];
      for (const at of places) {
        const hostile = Uint8Array.from(whole);
        hostile.set([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], at);
        expect(peakOf(hostile), `8 bytes at ${at}`).toBeLessThan(MOST);
      }
    },
  );
});
