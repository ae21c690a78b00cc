import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ByteSource, bytesSource } from '../../src/core/bytes.ts';
import { StructPageError } from '../../src/core/errors.ts';
import { Btf } from '../../src/formats/btf/btf.ts';
import { readKernelFile } from '../../src/layout/vmlinux.ts';
import { WANTED_ENUMS, WANTED_STRUCTS } from '../../src/layout/wanted.ts';
import { inflateSection } from '../../src/sources/inflate-section.ts';

const FOLDER = new URL('../fixtures/dwarf/', import.meta.url);
const file = (name: string): Buffer => readFileSync(new URL(name, FOLDER));
const read = (bytes: Uint8Array, name = 'test'): ReturnType<typeof readKernelFile> =>
  readKernelFile(bytesSource(bytes, name), inflateSection);

/** All that structpage would ask of the types, as text. */
function answers(btf: Btf): string[] {
  const structs = Object.entries(WANTED_STRUCTS).flatMap(([name, members]) => [
    `${name} ${btf.structSize(name)}`,
    ...[...members.flat(), 'matrix', 'pad'].map((path) => {
      const place = btf.place(name, path);
      const { typeId, ...where } = place ?? { typeId: 0 };
      return `${name}.${path} ${JSON.stringify(where)} ${btf.arrayLength(typeId)}`;
    }),
  ]);
  const enums = WANTED_ENUMS.map((name) => `${name} ${[...(btf.enumerators(name) ?? [])].join(' ')}`);
  return [...structs, ...enums];
}

const oracle = (name: string): string[] => answers(Btf.parse(file(name), name));

describe('types from DWARF are those that pahole makes of it', () => {
  test('the oracle knows the struct', () => {
    expect(oracle('dwarf5.btf').filter((line) => line.startsWith('page '))).toEqual(['page 128']);
  });

  test.each(['dwarf2', 'dwarf4', 'dwarf5', 'dwarf64', 'zlib', 'zdebug', 'zstd', 'only-debug'])(
    '%s',
    async (name) => {
      const { btf, typesFrom } = await read(file(`${name}.elf`));
      expect(typesFrom).toBe('DWARF');
      expect(answers(Btf.parse(btf, name))).toEqual(oracle('dwarf5.btf'));
    },
  );

  test('of a big-endian machine', async () => {
    const { btf } = await read(file('big-endian.elf'));
    expect(answers(Btf.parse(btf, 'big-endian'))).toEqual(oracle('big-endian.btf'));
  });
});

describe('types that are in another file', () => {
  test('split debug information', async () => {
    await expect(read(file('split.elf'))).rejects.toThrow(
      /split off into other files, such as split-?.*\.dwo/,
    );
  });

  test("dwz's alternate file", async () => {
    await expect(read(file('dwz.elf'))).rejects.toThrow(/dwz moved its types to an alternate file/);
  });
});

test('damaged files give types or an error of ours', { timeout: 120_000 }, async () => {
  const files = ['dwarf4', 'dwarf5', 'dwarf64', 'zlib', 'zstd', 'zdebug', 'dwz'].map((name) =>
    file(`${name}.elf`),
  );
  const sizes = Math.max(...files.map((f) => f.length));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...files),
      fc.array(fc.tuple(fc.nat(sizes), fc.nat(255)), { minLength: 1, maxLength: 6 }),
      fc.option(fc.nat(sizes)),
      async (good, changes, length) => {
        const bytes = Buffer.from(good);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        const source: ByteSource = bytesSource(bytes.subarray(0, length ?? bytes.length), 'test');
        try {
          const { btf } = await readKernelFile(source, inflateSection);
          answers(Btf.parse(btf, 'test'));
        } catch (error) {
          if (!(error instanceof StructPageError)) throw error;
        }
      },
    ),
    { numRuns: 1500 },
  );
});
