import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { type ByteSource, bytesSource } from '../../src/core/bytes.ts';
import { StructPageError } from '../../src/core/errors.ts';
import { PT_LOAD, parseElfHeader, parseProgramHeaders } from '../../src/formats/elf.ts';
import { describe as describeImage } from '../../src/inspector/info.ts';
import { openMemory } from '../../src/inspector/open.ts';
import { noCounts } from '../../src/scan/scan.ts';
import { applyPatches, type Patch } from './patches.ts';
import type { Random } from './random.ts';
import type { Target } from './target.ts';

interface Region {
  readonly start: number;
  readonly end: number;
}

interface Sample {
  readonly bytes: Uint8Array;
  /** Columns that a capture can give: not those that need all of the memory. */
  readonly columns: readonly string[];
  /** Where the things are in the file that lead to struct pages, and some of these. */
  readonly regions: readonly Region[];
}

const FILES = ['examples/sample.elf.gz', 'test/fixtures/x86_64-7.2.13-cloud.elf.gz'];

async function sampleOf(file: string): Promise<Sample> {
  const bytes = gunzipSync(readFileSync(file));
  const source = bytesSource(bytes, file);
  const loads = parseProgramHeaders(source, parseElfHeader(source), []).filter((p) => p.type === PT_LOAD);
  const placeOf = (physical: number): number | undefined => {
    const load = loads.find(
      (p) => physical >= Number(p.physical) && physical < Number(p.physical) + p.fileSize,
    );
    return load && load.offset + physical - Number(load.physical);
  };
  const regions: Region[] = [
    { start: 0, end: loads.reduce((least, p) => Math.min(least, p.offset), bytes.length) },
  ];
  const inspector = await openMemory(source);
  const { kernel, model } = inspector;
  const add = (physical: number | undefined, length: number): void => {
    const start = physical === undefined ? undefined : placeOf(physical);
    if (start !== undefined) regions.push({ start, end: Math.min(bytes.length, start + length) });
  };
  const addVirtual = (address: bigint | undefined, length: number): void => {
    if (address === undefined) return;
    const { steps, physical } = kernel.space.walker.walk(address);
    // the entries on the way, and those beside them
    for (const { at } of steps) add(at, 64);
    add(physical, length);
  };
  const text = bytes.indexOf('OSRELEASE=');
  regions.push({ start: text, end: text + 3000 });
  for (const name of [
    'mem_section',
    'node_data',
    'init_uts_ns',
    'kallsyms_names',
    'kallsyms_num_syms',
    'kallsyms_token_table',
    'kallsyms_token_index',
    'kallsyms_offsets',
    'kallsyms_relative_base',
    '__start_BTF',
    '_stext',
  ]) {
    addVirtual(kernel.vmcoreinfo?.symbol(name) ?? kernel.symbol(name), 4096);
  }
  const btf = bytes.indexOf(Buffer.from([0x9f, 0xeb, 1, 0, 24, 0, 0, 0]));
  if (btf >= 0)
    regions.push(
      { start: btf, end: btf + 24 },
      { start: btf + 24, end: Math.min(bytes.length, btf + 5_000_000) },
    );
  for (const name of [
    'PG_locked',
    'page',
    'mem_section',
    'ZONE_DMA',
    'kmem_cache',
    'slab',
    'zone',
    'pglist_data',
  ]) {
    const at = bytes.indexOf(`\0${name}\0`);
    if (at >= 0) regions.push({ start: at, end: at + 32 });
  }
  for (const { start, end } of model.present) {
    for (let i = 0; i < 8; i++)
      addVirtual(model.addressOf(start + Math.floor(((end - start) * i) / 8)), 4096);
  }
  const pfns = [{ start: 4096, end: 4352 }];
  const columns = inspector.columns.filter((column) => {
    try {
      return [...inspector.selectSync({ columns: [column], pfns })].length >= 0;
    } catch (error) {
      if (error instanceof StructPageError) return false;
      throw error;
    }
  });
  inspector.close();
  return { bytes, columns, regions };
}

const samples = await Promise.all(FILES.map(sampleOf));

interface Dump {
  readonly sample: number;
  readonly patches: readonly Patch[];
}

function patch(random: Random, { regions, bytes }: Sample): Patch {
  const { start, end } = random.pick(regions);
  const at = start + random.below(end - start);
  if (random.chance(0.4)) return { at, bytes: Uint8Array.of(bytes[at]! ^ (1 << random.below(8))) };
  const size = random.pick([4, 8]);
  const value = new DataView(new ArrayBuffer(8));
  value.setBigUint64(0, random.number(), true);
  const aligned = start + Math.floor((at - start) / size) * size;
  return { at: aligned, bytes: new Uint8Array(value.buffer).subarray(0, size) };
}

function patched({ sample, patches }: Dump): ByteSource {
  const inner = bytesSource(samples[sample]!.bytes, 'input');
  return {
    ...inner,
    readInto(offset, target) {
      const got = inner.readInto(offset, target);
      applyPatches(patches, offset, target, got);
      return got;
    },
  };
}

/** Whole dumps with some words changed where it matters, read as every command reads them. */
export const dumps: Target<Dump> = {
  name: 'dumps',
  weight: 0.4,
  seeds: samples.map((_, sample) => ({ sample, patches: [] })),
  mutate(random, { sample, patches }) {
    const more = Array.from({ length: 1 + random.below(3) }, () => patch(random, samples[sample]!));
    return { sample, patches: [...patches, ...more].slice(-12) };
  },
  async run(dump) {
    const inspector = await openMemory(patched(dump));
    try {
      const pfns = inspector.model.present.slice(0, 3).map(({ start, end }) => {
        const middle = Math.floor((start + end) / 2);
        return { start: middle, end: Math.min(end, middle + 1024) };
      });
      let rows = 0;
      for (const picked of inspector.selectSync({ columns: samples[dump.sample]!.columns, pfns }))
        rows += picked.rows.length;
      const { types } = inspector.summary({ pfns }, noCounts());
      if (dump.patches.length % 4 === 0) describeImage(inspector);
      return `${inspector.typesFrom} ${Math.ceil(Math.log2(rows + 1))} ${[...types.keys()].sort()} ${inspector.warnings.length}`;
    } finally {
      inspector.close();
    }
  },
};
