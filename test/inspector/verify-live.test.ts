import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Inspector, openMemory, verifyLive } from '../../src/index.ts';
import type { KpageFiles } from '../../src/native/kpage-files.ts';

const FIXTURES = new URL('../fixtures/', import.meta.url);
const NAME = 'x86_64-6.12.107-kdump';

let dump: Inspector;
let running: Inspector;
let flags: BigUint64Array;
let counts: BigUint64Array;
beforeAll(async () => {
  const words = (name: string): BigUint64Array =>
    new BigUint64Array(
      new Uint8Array(gunzipSync(readFileSync(new URL(`${NAME}.${name}.gz`, FIXTURES)))).buffer,
    );
  flags = words('kpageflags');
  counts = words('kpagecount');
  dump = await openMemory(new URL(`${NAME}.elf.gz`, FIXTURES).pathname);
  const { image, kernel, types, typesFrom, model, layout, warnings } = dump;
  running = new Inspector({
    image: { ...image, live: true, isThisMachine: true },
    kernel,
    types,
    typesFrom,
    model,
    layout,
    warnings,
  });
});
afterAll(() => dump.close());

/** What that kernel said, as its files would; `change` may alter it, told how often the page was read before. */
function files(
  page = -1,
  change: (flags: bigint, times: number) => bigint = (f) => f,
): KpageFiles & { closed: boolean } {
  let times = 0;
  return {
    closed: false,
    read(start, flagsInto, countsInto) {
      flagsInto.fill(0n).set(flags.subarray(start, start + flagsInto.length));
      countsInto.fill(0n).set(counts.subarray(start, start + countsInto.length));
      const i = page - start;
      if (i >= 0 && i < flagsInto.length) flagsInto[i] = change(flagsInto[i]!, times++);
    },
    close() {
      this.closed = true;
    },
  };
}

const PAGE = 5000;

test('a kernel that stands still agrees with our reading at once', () => {
  const kernel = files();
  const outcome = verifyLive(running, false, undefined, kernel);
  expect(outcome).toMatchObject({ raced: 0, changing: 0, different: 0 });
  expect(outcome.equal).toBe(outcome.pages);
  expect(outcome.pages).toBeGreaterThan(120_000);
  expect(kernel.closed).toBe(true);
});

test('a page that changed between the readings is a race, not an error', () => {
  // different in both readings around ours, and then as we see it
  const outcome = verifyLive(
    running,
    false,
    undefined,
    files(PAGE, (f, times) => (times < 2 ? f ^ 1n : f)),
  );
  expect(outcome).toMatchObject({ raced: 1, changing: 0, different: 0 });
  expect(outcome.raceGroups[0]).toMatchObject({ bits: expect.stringMatching(/^[+-]locked$/), pages: 1 });
  expect(outcome.raceGroups[0]!.examples[0]!.pfn).toBe(PAGE);
});

test('a page of which the kernel says two things is changing', () => {
  const change = (f: bigint, times: number): bigint => f ^ (times % 2 ? 1n : 4n);
  const outcome = verifyLive(running, false, undefined, files(PAGE, change));
  expect(outcome).toMatchObject({ raced: 0, changing: 1, different: 0 });
});

test('a page of which the kernel says the same other thing again and again is an error', () => {
  const outcome = verifyLive(
    running,
    false,
    undefined,
    files(PAGE, (f) => f ^ (1n << 26n)),
  );
  expect(outcome).toMatchObject({ raced: 0, changing: 0, different: 1 });
  expect(outcome.differentGroups[0]!.bits).toMatch(/^[+-]pgtable$/);
});

test('a dump is no running kernel', () => {
  const kernel = files();
  expect(() => verifyLive(dump, false, undefined, kernel)).toThrow(
    /memory of another machine cannot be compared with the running kernel/,
  );
  expect(kernel.closed).toBe(true);
});
