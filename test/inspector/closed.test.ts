import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { exporterOf, exportRows, noCounts, openMemory, summarize, UsageError } from '../../src/index.ts';
import { fdSource } from '../../src/sources/fd-source.ts';
import { sampleBytes } from '../builders/hostile.ts';
import { SAMPLE } from '../cli/run.ts';

const dir = mkdtempSync(join(tmpdir(), 'structpage-closed-'));
afterAll(() => rmSync(dir, { recursive: true }));

test('a closed image says so, whatever it is asked', async () => {
  const file = join(dir, 'dump.elf');
  writeFileSync(file, sampleBytes());
  for (const what of [SAMPLE, file]) {
    const inspector = await openMemory(what);
    inspector.close();
    inspector.close();
    const closed = /it is closed/;
    expect(() => inspector.summary()).toThrow(closed);
    expect(() => [...inspector.selectSync()]).toThrow(closed);
    expect(() => inspector.reader.read(0, 1)).toThrow(closed);
    expect(() => inspector.image.memory.runAt(4096)).toThrow(closed);
    await expect(summarize(inspector, {}, 2)).rejects.toThrow(closed);
    const job = { selection: {}, exporter: exporterOf('csv')!, jobs: 2 };
    await expect(exportRows(inspector, job, async () => {}, noCounts())).rejects.toThrow(closed);
  }
});

test('a source that is closed never reads the file that has its number now', () => {
  const [one, other] = [join(dir, 'one'), join(dir, 'other')];
  writeFileSync(one, 'mine');
  writeFileSync(other, 'theirs');
  const fd = openSync(one, 'r');
  const source = fdSource(fd, one, 4);
  source.close();
  const again = openSync(other, 'r');
  expect(again).toBe(fd);
  expect(() => source.readInto(0, new Uint8Array(4))).toThrow(UsageError);
  source.close();
  // it is still the other's
  expect(readSync(again, new Uint8Array(6), 0, 6, 0)).toBe(6);
  closeSync(again);
});

test('an image that is closed while threads read it ends in a sentence', async () => {
  const inspector = await openMemory(SAMPLE);
  const job = { selection: {}, exporter: exporterOf('ndjson')!, jobs: 2 };
  let chunks = 0;
  const sink = async (): Promise<void> => {
    if (++chunks === 2) inspector.close();
  };
  await expect(exportRows(inspector, job, sink, noCounts())).rejects.toThrow(/it is closed/);
});
