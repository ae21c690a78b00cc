import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Inspector, noCounts, openMemory, PAGE_STATES } from '../../src/index.ts';
import { inspect } from '../../src/inspector/open.ts';
import { openKernel } from '../../src/kernel/open-kernel.ts';
import type { PhysicalMemory } from '../../src/sources/image-format.ts';

const SAMPLE = new URL('../../examples/sample.elf.gz', import.meta.url).pathname;

let dump: Inspector;
/** The sample as a machine that runs: its memory is that of the dump but for what `change` does to what is read. */
let live: Inspector;
let change: (address: number, bytes: Uint8Array) => void;
let renewed = 0;
/** The physical address of what mem_section says of the last section, and its page frames. */
let entry: number;
let section: { start: number; end: number };

beforeAll(async () => {
  dump = await openMemory(SAMPLE);
  const { memory } = dump.image;
  const changing: PhysicalMemory = {
    runs: memory.runs,
    runAt: (address) => memory.runAt(address),
    readInto(address, target) {
      const got = memory.readInto(address, target);
      change(address, target.subarray(0, got));
      return got;
    },
  };
  change = () => {};
  const image = { ...dump.image, memory: changing, live: true, renew: () => void renewed++, close() {} };
  live = inspect(image, openKernel(image, 'the sample, running'));
  const { number } = live.model.sections.list.at(-1)!;
  const per = live.model.pagesPerSection;
  section = { start: number * per, end: (number + 1) * per };
  const { kernel, types } = dump;
  const size = types.structSize('mem_section')!;
  const perRoot = Math.floor(kernel.pageBytes / size);
  const roots = kernel.symbol('mem_section')!;
  const root = kernel.space.readWord(roots + BigInt(8 * Math.floor(number / perRoot)));
  entry = kernel.space.walker.translate(root + BigInt((number % perRoot) * size));
});
beforeEach(() => {
  change = () => {};
  live.ranges(undefined);
});
afterAll(() => dump.close());

/** What was read of the first word of the section's entry is made zero when `isGone`: the section is not there. */
function unplug(isGone: () => boolean): void {
  change = (address, bytes) => {
    const at = entry - address;
    if (at >= 0 && at + 8 <= bytes.length && isGone()) bytes.fill(0, at, at + 8);
  };
}

function states(): Record<string, number> {
  const { start, end } = section;
  const counts: Record<string, number> = {};
  for (let at = start; at < end; at += 16384) {
    for (const state of live.reader.read(at, Math.min(16384, end - at)).states) {
      const name = PAGE_STATES[state]!;
      counts[name] = (counts[name] ?? 0) + 1;
    }
  }
  return counts;
}

test('a machine that stands still reads like its dump', () => {
  const before = renewed;
  expect(live.summary().types).toEqual(dump.summary().types);
  expect(renewed).toBeGreaterThan(before);
});

test('the pages of a section that was unplugged are absent', () => {
  const there = live.presentPages;
  unplug(() => true);
  expect(states()).toEqual({ absent: section.end - section.start });
  expect(live.presentPages).toBeLessThan(there);
  expect(live.ranges(undefined).at(-1)!.end).toBeLessThanOrEqual(section.start);
  change = () => {};
  expect(live.ranges(undefined)).toEqual(dump.ranges(undefined));
});

test('pages of a section that is unplugged while they are read are not read at their old place', () => {
  let looks = 0;
  unplug(() => ++looks > 1);
  expect(states()).toEqual({ absent: section.end - section.start });
});

test('pages of a section that comes and goes all the time are torn, and counted', () => {
  let looks = 0;
  unplug(() => looks++ % 2 === 1);
  const counts = states();
  expect(counts.torn).toBeGreaterThan(0);
  expect(counts.ok ?? 0).toBe(0);
  const met = noCounts();
  looks = 0;
  [...live.selectSync({ columns: ['pfn'], pfns: [section] }, met)];
  expect(met.torn).toBeGreaterThan(0);
});
