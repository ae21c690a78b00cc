import { expect, test } from 'vitest';
import { LayoutError } from '../../src/core/errors.ts';
import { openMemory } from '../../src/index.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { readSections } from '../../src/memmap/sections.ts';
import { SAMPLE } from '../cli/run.ts';

const { kernel, types, model } = await openMemory(SAMPLE);

/** The sample's kernel, every root of whose mem_section is at `rootAt` and holds its first section, again and again. */
function repeating(rootAt: (root: number, first: bigint) => bigint): Kernel {
  const { space, vmcoreinfo } = kernel;
  const table = vmcoreinfo!.symbol('mem_section')!;
  const first = space.readStruct(table, 8, 'mem_section').word(0);
  return Object.create(kernel, {
    space: {
      value: Object.create(space, {
        walker: { value: space.walker },
        model: { value: space.model },
        readStruct: {
          value: (address: bigint, length: number, what: string) => {
            const real = space.readStruct(address === table ? table : first, 16, what);
            return {
              byteLength: length,
              nextNonZero: (at: number) => at,
              word: (at: number) => (address === table ? rootAt(at / 8, first) : real.word(at % 16)),
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
}

const noUsage = {
  ...types,
  place: (name: string, path: string) => (path === 'usage' ? undefined : types.place(name, path)),
};

test('two roots of mem_section at one address are refused', () => {
  expect(model.sections.list.length).toBeGreaterThan(0);
  const kernelOfOne = repeating((_root, first) => first);
  expect(() => readSections(kernelOfOne, noUsage)).toThrow(LayoutError);
  expect(() => readSections(kernelOfOne, noUsage)).toThrow('roots 0 and 1 of it are both at');
});

test('roots that all lead to the same sections are refused before they fill the memory', () => {
  const alike = repeating((root, first) => first + BigInt(root * kernel.pageBytes));
  expect(() => readSections(alike, noUsage)).toThrow(LayoutError);
  expect(() => readSections(alike, noUsage)).toThrow('more than 524288 sections');
});
