import { expect, test } from 'vitest';
import { PAGE_STATES, PageReader } from '../../src/memmap/page-reader.ts';
import { sparseModel } from '../../src/memmap/sparse.ts';
import { AddressSpace } from '../../src/translate/address-space.ts';
import { pageTables } from '../builders/page-tables.ts';

const BASE = 0xffffea0000000000n;
const ARRAY = 0x40000;

/**
 * 192 struct pages of 64 bytes in three pages of the array: the first is there, the second is mapped by nothing, the third
 * is in memory, with one struct page of zeros. The source's own segment gives zeros for the second and the third.
 */
function reader(zeroFills: boolean, online = true): PageReader {
  const { walker, memory } = pageTables(
    '4-level',
    `0xffffea0000000000 -> 0x40000 4K
     0xffffea0000002000 -> 0x42000 4K`,
  );
  for (let i = 0; i < 192; i++) if (i !== 130) memory.setUint32(ARRAY + i * 64 + 48, 0xffffffff, true);
  const bytes = new Uint8Array(memory.buffer);
  const physical = {
    runs: [{ start: 0, end: bytes.length, state: 'present' as const }],
    readInto(address: number, target: Uint8Array) {
      target.set(bytes.subarray(address, address + target.length));
      return target.length;
    },
    runAt: () => ({ start: 0, end: bytes.length, state: 'present' as const }),
  };
  const segments = {
    zeroFills,
    segments: [{ start: BASE, end: BASE + 12288n }],
    readInto(address: bigint, target: Uint8Array) {
      for (let i = 0; i < target.length; i++) {
        const at = Number(address - BASE) + i;
        target[i] = at < 4096 ? bytes[ARRAY + at]! : 0;
      }
      return target.length;
    },
  };
  const model = sparseModel(
    {
      list: [
        {
          number: 0,
          base: BASE,
          pfns: [{ start: 0, end: 192 }],
          online: online ? [{ start: 0, end: 192 }] : [],
        },
      ],
      sectionSizeBits: 27,
      maxPhysicalBits: 46,
      from: 'test',
      lost: [],
    },
    64,
    12,
    true,
  );
  return new PageReader(new AddressSpace(physical, walker, segments), model);
}

test('zeros of a source that fills in zeros are asked for again, and are no struct pages', () => {
  const raw = reader(true).read(0, 192);
  const states = [...raw.states].map((s) => PAGE_STATES[s]);
  expect(states.slice(0, 64).every((s) => s === 'ok')).toBe(true);
  expect(states.slice(64, 128).every((s) => s === 'not-mapped')).toBe(true);
  expect(states.slice(128).filter((s) => s !== 'ok')).toEqual(['unreadable']);
  expect(states[130]).toBe('unreadable');
  expect(raw.bytes[129 * 64 + 48]).toBe(0xff);
  expect(raw.readable).toBe(127);
});

test('zeros of memory that is not online may be true: they are doubtful', () => {
  const raw = reader(true, false).read(0, 192);
  expect(PAGE_STATES[raw.states[130]!]).toBe('doubtful');
  expect(PAGE_STATES[raw.states[64]!]).toBe('not-mapped');
  expect(raw.readable).toBe(127);
});

test('a source that tells holes apart is believed', () => {
  expect(reader(false).read(0, 192).readable).toBe(192);
});
