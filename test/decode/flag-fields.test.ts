import { describe, expect, test } from 'vitest';
import { KERNELS, layoutOf } from './layouts.ts';

describe.each(Object.entries(KERNELS))('flags of %s', (_, file) => {
  const layout = layoutOf(file);

  test('node, zone and last_cpupid lie where NODES_SHIFT 10, five zones and 8192 CPUs put them', () => {
    const place = ({ shift, width }: { shift: number; width: number }): [number, number] => [shift, width];
    expect(place(layout.fields.section)).toEqual([64, 0]);
    expect(place(layout.fields.node)).toEqual([54, 10]);
    expect(place(layout.fields.zone)).toEqual([51, 3]);
    expect(place(layout.fields.lastCpupid)).toEqual([30, 21]);
    expect(layout.zones).toEqual(['DMA', 'DMA32', 'Normal', 'Movable', 'Device']);
  });

  test('locked is bit 0 and reserved is where this kernel has it', () => {
    const reserved = layout.flags.bits.has('slab') ? 12 : 13;
    expect([layout.flags.bits.get('locked'), layout.flags.bits.get('reserved')]).toEqual([0, reserved]);
  });
});

test('without vmemmap the section takes the top 19 bits, and the rest moves down or out', () => {
  const { section, node, zone, lastCpupid } = layoutOf(KERNELS['5.10'], '', false).fields;
  expect([section.shift, section.width]).toEqual([45, 19]);
  expect([node.shift, node.width]).toEqual([35, 10]);
  expect([zone.shift, zone.width]).toEqual([32, 3]);
  expect(lastCpupid.width).toBe(0);
});
