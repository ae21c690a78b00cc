import { expect, test } from 'vitest';
import { LayoutError } from '../../src/core/errors.ts';
import { openMemory } from '../../src/index.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { readSections } from '../../src/memmap/sections.ts';
import { SAMPLE } from '../cli/run.ts';

test('one page of mem_section that is told again and again is refused before it fills the memory', async () => {
  const { kernel, types, model } = await openMemory(SAMPLE);
  const { space, vmcoreinfo } = kernel;
  const table = vmcoreinfo!.symbol('mem_section')!;
  const first = space.readStruct(table, 8, 'mem_section').word(0);
  // every root is the page of the first one, all of whose sections are the first section
  const repeated: Kernel = Object.create(kernel, {
    space: {
      value: Object.create(space, {
        walker: { value: space.walker },
        model: { value: space.model },
        readStruct: {
          value: (address: bigint, length: number, what: string) => {
            const real = space.readStruct(address === table ? table : first, 16, what);
            return {
              byteLength: length,
              isZero: () => false,
              word: (at: number) => (address === table ? first : real.word(at % 16)),
            };
          },
        },
      }),
    },
    vmcoreinfo: { value: vmcoreinfo },
    pageBytes: { value: kernel.pageBytes },
    pageShift: { value: kernel.pageShift },
    kallsyms: { value: undefined },
  });
  expect(model.sections.list.length).toBeGreaterThan(0);
  const noUsage = {
    ...types,
    place: (name: string, path: string) => (path === 'usage' ? undefined : types.place(name, path)),
  };
  expect(() => readSections(repeated, noUsage)).toThrow(LayoutError);
  expect(() => readSections(repeated, noUsage)).toThrow('more than 524288 sections');
});
