import { expect, test } from 'vitest';
import { openMemory } from '../../src/index.ts';
import { onesBelow, refineCpupid } from '../../src/inspector/refine-layout.ts';

test('ones below a bit are counted up to the first gap', () => {
  expect(onesBelow(0x0007ffffc0002000n, 51)).toBe(21);
  expect(onesBelow(0n, 51)).toBe(0);
  expect(onesBelow(0xffn, 8)).toBe(8);
});

test('a width that the types could not tell is read off the memory', async () => {
  const sample = new URL('../../examples/sample.elf.gz', import.meta.url).pathname;
  const inspector = await openMemory(sample);
  const { layout, kernel, reader } = inspector;
  expect(refineCpupid(layout, kernel, reader)).toBe(layout);
  const wrong = {
    ...layout,
    fields: { ...layout.fields, lastCpupid: { shift: 37, width: 14, from: 'too few CPUs' } },
  };
  expect(refineCpupid(wrong, kernel, reader).fields.lastCpupid).toMatchObject({ shift: 30, width: 21 });
  inspector.close();
});
