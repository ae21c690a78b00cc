import { readFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { decompress } from 'fzstd';
import { type ByteSource, bytesSource } from '../../src/core/bytes.ts';
import { openFile } from '../../src/sources/file-source.ts';
import { openImage } from '../../src/sources/open-image.ts';
import { type Codec, compress } from '../builders/compress.ts';
import { flattenWhole } from '../builders/flattened.ts';
import { buildKdump } from '../builders/kdump.ts';
import { buildAvml, buildLime } from '../builders/lime.ts';

/** A dump that is made when it is first wanted. */
export interface DumpForm {
  readonly name: string;
  source(): Promise<ByteSource>;
}

const FIXTURES = [
  'examples/sample.elf.gz',
  'test/fixtures/x86_64-5.10.0-32-cloud.elf.gz',
  'test/fixtures/x86_64-7.2.13-cloud.elf.gz',
  'test/fixtures/x86_64-6.12.107-kdump.elf.gz',
  'test/fixtures/x86_64-hvo-6.1.elf.gz',
  'test/fixtures/x86_64-numa-6.18.elf.gz',
  'test/fixtures/arm64-4k-6.12.elf.zst',
  'test/fixtures/arm64-16k-6.12.elf.zst',
  'test/fixtures/ppc64le-64k-6.12.elf.zst',
  'test/fixtures/riscv64-6.12.elf.zst',
  'test/fixtures/s390x-6.12.elf.zst',
];
/** The memory that other forms are made of. */
const SMALL = FIXTURES[1]!;
const PAGE = 4096;

function unpacked(file: string): Uint8Array {
  const bytes = readFileSync(file);
  return file.endsWith('.zst') ? decompress(bytes) : new Uint8Array(gunzipSync(bytes));
}

function form(name: string, make: () => Uint8Array | Promise<Uint8Array>): DumpForm {
  let made: Promise<Uint8Array> | undefined;
  return {
    name,
    async source() {
      made ??= Promise.resolve(make());
      return bytesSource(await made, name);
    },
  };
}

interface Pages {
  /** Runs of page frames, both ends included. */
  readonly runs: readonly (readonly [first: number, last: number])[];
  readonly content: (pfn: number) => Uint8Array;
  readonly vmcoreinfo: string;
}

let small: Promise<Pages> | undefined;

/** The pages of the small dump, each with all of its bytes. */
function smallPages(): Promise<Pages> {
  small ??= (async () => {
    const image = await openImage(bytesSource(unpacked(SMALL), SMALL));
    const runs = [...image.memory.runs]
      .filter((run) => run.state === 'present')
      .map((run) => [Math.ceil(run.start / PAGE), Math.floor(run.end / PAGE) - 1] as const)
      .filter(([first, last]) => last >= first);
    const note = image.notes.find(({ name }) => name === 'VMCOREINFO');
    return {
      runs,
      vmcoreinfo: image.vmcoreinfo ?? new TextDecoder('latin1').decode(note?.desc),
      content(pfn) {
        const page = new Uint8Array(PAGE);
        image.memory.readInto(pfn * PAGE, page);
        return page;
      },
    };
  })();
  return small;
}

const hexLines = (runs: Pages['runs'], word: string): string =>
  runs.map(([first, last]) => `${first.toString(16)}-${last.toString(16)} ${word}`).join('\n');

async function kdump(codec: Codec): Promise<Uint8Array> {
  const { runs, content, vmcoreinfo } = await smallPages();
  return buildKdump({ pages: hexLines(runs, 'ram'), codec, content, vmcoreinfo });
}

/** A raw image, whose holes are zeros that nothing stores. */
async function raw(): Promise<ByteSource> {
  const { runs, content } = await smallPages();
  const end = (runs.at(-1)![1] + 1) * PAGE;
  const isThere = (pfn: number): boolean => runs.some(([first, last]) => pfn >= first && pfn <= last);
  return {
    name: 'raw',
    byteLength: end,
    readInto(offset, target) {
      const length = Math.max(0, Math.min(target.length, end - offset));
      for (let done = 0; done < length; ) {
        const at = offset + done;
        const part = Math.min(length - done, PAGE - (at % PAGE));
        const pfn = Math.floor(at / PAGE);
        if (isThere(pfn)) target.set(content(pfn).subarray(at % PAGE, (at % PAGE) + part), done);
        else target.fill(0, done, done + part);
        done += part;
      }
      return length;
    },
    close() {},
  };
}

/** Dumps to use instead, by their paths with colons between: whole ones have the objects that captures lack. */
const NAMED = process.env.STRUCTPAGE_FUZZ_DUMPS?.split(':') ?? [];

/** Kernels of every architecture, and one of them in every format. */
export const DUMP_FORMS: readonly DumpForm[] =
  NAMED.length > 0
    ? NAMED.map((path) => ({ name: path, source: async () => openFile(path) }))
    : [
        ...FIXTURES.map((file) => form(file, () => unpacked(file))),
        ...(['none', 'zlib', 'lzo', 'snappy', 'zstd'] as const).map((codec) =>
          form(`kdump ${codec}`, () => kdump(codec)),
        ),
        form('flattened', async () => flattenWhole(await kdump('zlib'))),
        form('LiME', async () => {
          const { runs, content } = await smallPages();
          return buildLime(hexLines(runs, ''), content);
        }),
        form('AVML', async () => {
          const { runs, content } = await smallPages();
          return buildAvml(hexLines(runs, ''), content);
        }),
        { name: 'raw', source: raw },
        form('gzip', () => gzipSync(unpacked(SMALL), { level: 1 })),
        form('zstd', () => compress(unpacked(SMALL), 'zstd')),
      ];
