import { describe, expect, test } from 'vitest';
import { hasCapability, lockdown } from '../../src/native/host.ts';
import { iomemAt, parseIomem, systemRam } from '../../src/native/iomem.ts';

const IOMEM = `00000000-00000fff : Reserved
00001000-0009fbff : System RAM
000a0000-000bffff : PCI Bus 0000:00
00100000-27fdffff : System RAM
  01000000-01e0207f : Kernel code
  02a00000-02b12fff : Kernel data
27fe0000-27ffffff : Reserved
fee00000-fee00fff : Local APIC
140000000-17fffffff : virtio_mem
  140000000-14fffffff : System RAM (virtio_mem)
`;

describe('/proc/iomem', () => {
  const entries = parseIomem(IOMEM);

  test('RAM is whole pages, wherever it is in the tree', () => {
    expect(systemRam(entries)).toEqual([
      { start: 0x1000, end: 0x9f000 },
      { start: 0x100000, end: 0x27fe0000 },
      { start: 0x140000000, end: 0x150000000 },
    ]);
  });

  test('the innermost range is found', () => {
    expect(iomemAt(entries, 0x1000000)?.name).toBe('Kernel code');
    expect(iomemAt(entries, 0xfee00020)?.name).toBe('Local APIC');
    expect(iomemAt(entries, 0x28000000)).toBeUndefined();
  });

  test('zeros for those who may not see addresses are no ranges', () => {
    expect(parseIomem('00000000-00000000 : System RAM\n  00000000-00000000 : Kernel code\n')).toEqual([]);
  });
});

test('the level of lockdown in force is the one in brackets', () => {
  expect(lockdown('none [integrity] confidentiality\n')).toBe('integrity');
  expect(lockdown(undefined)).toBeUndefined();
});

test('a capability is a bit of CapEff', () => {
  expect(hasCapability('Name:\tx\nCapEff:\t000001ffffffffff\n', 17)).toBe(true);
  expect(hasCapability('CapEff:\t00000000a80425fb\n', 17)).toBe(false);
  expect(hasCapability(undefined, 17)).toBe(false);
});
