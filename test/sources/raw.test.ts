import { describe, expect, it } from 'vitest';
import { type ByteSource, bytesSource } from '../../src/core/bytes.ts';
import { openImages } from '../../src/sources/open-image.ts';
import { pageContent } from '../builders/content.ts';
import { buildVmss } from '../builders/vmware.ts';
import { checkRuns, openBytes, pagesOf } from './open-bytes.ts';

const pages = (first: number, count: number): Uint8Array =>
  Buffer.concat(Array.from({ length: count }, (_, i) => pageContent(first + i)));

const GIB = 2 ** 30;

/** A file of zeros with some bytes in it, of any size. */
function sparse(
  byteLength: number,
  parts: readonly { at: number; bytes: Uint8Array }[],
  name = 'guest',
): ByteSource {
  return {
    name,
    byteLength,
    readInto(offset, target) {
      const length = Math.max(0, Math.min(target.length, byteLength - offset));
      target.fill(0, 0, length);
      for (const { at, bytes } of parts) {
        const from = Math.max(at, offset);
        const to = Math.min(at + bytes.length, offset + length);
        if (from < to) target.set(bytes.subarray(from - at, to - at), from - offset);
      }
      return length;
    },
    close() {},
  };
}

function e820(address: number, size: number): Uint8Array {
  const out = new Uint8Array(20);
  const view = new DataView(out.buffer);
  view.setBigUint64(0, BigInt(address), true);
  view.setBigUint64(8, BigInt(size), true);
  view.setUint32(16, 1, true);
  return out;
}

describe('raw images', () => {
  it('are memory from 0 on', async () => {
    const image = await openBytes(pages(0, 256));
    expect(image.format).toBe('raw image of physical memory');
    expect(pagesOf(image, 258)).toBe(`${'='.repeat(256)}..`);
    checkRuns(image);
  });

  it('in pieces are put together by the addresses in their names', async () => {
    const image = await openImages([
      bytesSource(pages(0x100, 4), 'vm.raw.100000'),
      bytesSource(pages(0, 2), 'vm.raw.0'),
      bytesSource(pages(0xe8, 1), 'vm.raw.e8000'),
    ]);
    expect(pagesOf(image, 0x105)).toBe(`==${'.'.repeat(0xe6)}=${'.'.repeat(0x17)}====.`);
    await expect(openBytes([pages(0, 256), pages(256, 256)])).rejects.toThrow(
      /nothing in it tells where in physical memory it belongs: say its address with --at/,
    );
  });

  it.each([
    ['QEMU q35', 2 * GIB],
    ['Firecracker', 3.25 * GIB],
  ])('of %s are split where the memory map in them says', async (_, below) => {
    const above = 0.5 * GIB;
    const file = sparse(below + above, [
      { at: 4096 * 5, bytes: pageContent(5) },
      // entries that speak for nothing: of another size, of another type
      { at: 90000, bytes: e820(4 * GIB, above + 4096) },
      // numbers that are no table of memory, however often they come
      ...[0, 1, 2].map((i) => ({ at: 300_000 + i * 100, bytes: e820(4 * GIB, above + 0.25 * GIB) })),
      { at: 123456 + 7 - 20, bytes: e820(2 ** 20, below - 2 ** 20) },
      { at: 123456 + 7, bytes: e820(4 * GIB, above) },
      { at: below, bytes: pageContent(0x100000) },
    ]);
    const image = await openImages([file]);
    expect([...image.memory.runs]).toEqual([
      { start: 0, end: below, state: 'present' },
      { start: 4 * GIB, end: 4 * GIB + above, state: 'present' },
    ]);
    const page = new Uint8Array(4096);
    expect(image.memory.readInto(4 * GIB, page)).toBe(4096);
    expect(Buffer.compare(page, pageContent(0x100000))).toBe(0);
    expect(Object.fromEntries(image.details)['PCI hole']).toContain(below.toString(16));
  });

  it('are flat when nothing speaks for a hole', async () => {
    const image = await openImages([sparse(1.5 * GIB, [])]);
    expect([...image.memory.runs]).toEqual([{ start: 0, end: 1.5 * GIB, state: 'present' }]);
  });

  it('are not what a text file or a few bytes are taken for', async () => {
    await expect(openBytes(new TextEncoder().encode('hello\n'))).rejects.toThrow('a text file');
    await expect(openBytes(new Uint8Array(5000))).rejects.toThrow('5000 bytes that start with 00 00');
  });
});

/** Empty list heads of kernel memory, one in each of some pages of a file: the file's byte 0 is at physical address `base`. */
function lists(
  base: number,
  places: readonly number[],
  map = 0xffff888000000000n,
): { at: number; bytes: Uint8Array }[] {
  return places.map((at) => {
    const words = BigUint64Array.of(0n, 0n);
    words.fill(map + BigInt(base + at));
    return { at, bytes: new Uint8Array(words.buffer) };
  });
}

const every = (step: number, from: number, to: number): number[] =>
  Array.from({ length: Math.floor((to - from) / step) }, (_, i) => from + i * step + 8 * (i % 100));

describe('several memory files of one guest', () => {
  const MIB = 2 ** 20;
  const node0 = (size: number): ByteSource =>
    sparse(
      size,
      [
        ...lists(0, every(4 * MIB, 0, Math.min(size, 3 * GIB))),
        ...lists(GIB, every(4 * MIB, 3 * GIB, size)),
        // the kernel's image has lists, too
        ...lists(0, every(64 * 1024, 16 * MIB, 24 * MIB), 0xffffffff80000000n),
      ],
      'node0.mem',
    );
  const node1 = sparse(512 * MIB, lists(5 * GIB, every(8 * MIB, MIB, 512 * MIB)), 'node1.mem');
  const dimm = sparse(128 * MIB, [], 'dimm.mem');

  it('are placed by the lists in them, whichever is named first, with the hole for PCI', async () => {
    const image = await openImages([node1, node0(4 * GIB)]);
    expect([...image.memory.runs]).toEqual([
      { start: 0, end: 3 * GIB, state: 'present' },
      { start: 4 * GIB, end: 5.5 * GIB, state: 'present' },
    ]);
    expect(Object.fromEntries(image.details)['memory node0.mem']).toBe(
      '0x0-0xbfffffff, 0x100000000-0x13fffffff',
    );
    // other threads open them by what was found out
    const again = await openImages([node1, node0(4 * GIB)], { places: image.places! });
    expect([...again.memory.runs]).toEqual([...image.memory.runs]);
  });

  it('also where lists of the kernel image or of struct pages outnumber the others', async () => {
    const parts = [
      ...lists(5 * GIB, every(32 * MIB, MIB, 512 * MIB)),
      ...lists(0, every(64 * 1024, 100 * MIB, 140 * MIB), 0xffffffff91e00000n),
      ...lists(
        0,
        every(64 * 1024, 200 * MIB, 240 * MIB).map((at) => at - (at % 64) + 8),
        0xfffff5fc82400000n,
      ),
    ];
    const image = await openImages([node0(GIB), sparse(512 * MIB, parts, 'node1.mem')]);
    expect([...image.memory.runs]).toEqual([
      { start: 0, end: GIB, state: 'present' },
      { start: 5 * GIB, end: 5.5 * GIB, state: 'present' },
    ]);
  });

  it('or where they are said to be', async () => {
    const at = { 'dimm.mem': 6 * GIB };
    await expect(openImages([node0(GIB), dimm])).rejects.toThrow(/^dimm.mem: nothing in it tells/);
    const image = await openImages([node0(GIB), node1, dimm], { at });
    expect([...image.memory.runs]).toEqual([
      { start: 0, end: GIB, state: 'present' },
      { start: 5 * GIB, end: 5.5 * GIB, state: 'present' },
      { start: 6 * GIB, end: 6 * GIB + 128 * MIB, state: 'present' },
    ]);
    const alone = await openImages([dimm], { at });
    expect([...alone.memory.runs]).toEqual([{ start: 6 * GIB, end: 6 * GIB + 128 * MIB, state: 'present' }]);
  });

  it('but not two in one place', async () => {
    await expect(openImages([node0(GIB), node0(GIB)])).rejects.toThrow(/both have memory at 0x0: name each/);
    const at = { 'dimm.mem': 512 * MIB };
    await expect(openImages([node0(GIB), dimm], { at })).rejects.toThrow(/both have memory at 0x20000000/);
  });
});

describe('files of other kinds', () => {
  it.each([
    ['QEVM', 'virsh dump --memory-only'],
    ['QFI\xfb', 'a disk, not memory'],
    ['LibvirtQemudSave', 'a libvirt save file'],
  ])('that begin with %s are refused by name', async (magic, words) => {
    const file = new Uint8Array(2 << 20);
    file.set([...magic].map((c) => c.charCodeAt(0)));
    await expect(openBytes(file)).rejects.toThrow(words);
  });
});

it('a kernel image is no memory', async () => {
  const file = new Uint8Array(2 << 20);
  file.set(new TextEncoder().encode('HdrS'), 0x202);
  await expect(openBytes(file)).rejects.toThrow(/a kernel image \(vmlinuz\): name a dump of its memory/);
});

describe('VMware', () => {
  const regions = [
    [0, 0, 4],
    [0x100, 4, 3],
  ] as const;
  const vmem = Buffer.concat([pages(0, 4), pages(0x100, 3)]);
  const expected = `====${'.'.repeat(0xfc)}===.`;

  it('state and memory given together are opened in any order', async () => {
    for (const order of [0, 1]) {
      const both = [bytesSource(buildVmss(regions), 'a.vmss'), bytesSource(padded(vmem), 'a.vmem')];
      const image = await openImages(order ? both.reverse() : both);
      expect(image.format).toBe('VMware memory (.vmem) with its state');
      expect(pagesOf(image, 0x104)).toBe(expected);
    }
  });

  it.each(['a.vmem', 'a.vmsn'])('finds the other file beside %s', async (name) => {
    const files: Record<string, Uint8Array> = { 'a.vmem': padded(vmem), 'a.vmsn': buildVmss(regions) };
    const image = await openImages([bytesSource(files[name]!, name)], {
      sibling: (other) => (files[other] ? bytesSource(files[other], other) : undefined),
    });
    expect(pagesOf(image, 0x104)).toBe(expected);
  });

  it('reads memory that is in the snapshot itself', async () => {
    const image = await openBytes(buildVmss(regions, vmem));
    expect(image.format).toBe('VMware snapshot');
    expect(pagesOf(image, 0x104)).toBe(expected);
  });

  it('says that the state file has lost regions', async () => {
    const state = buildVmss(regions);
    const image = await openImages([
      bytesSource(state.subarray(0, state.length - 40), 'a.vmss'),
      bytesSource(padded(vmem), 'a.vmem'),
    ]);
    expect(image.warnings.join()).toMatch(/a\.vmss has 2 regions of memory but describes/);
    expect(pagesOf(image, 4)).toBe('====');
  });

  it('says that the memory is missing', async () => {
    await expect(openBytes(buildVmss(regions))).rejects.toThrow('a .vmem file with the memory beside it');
  });

  it('is cut off anywhere without harm', async () => {
    const file = buildVmss(regions, vmem);
    for (let i = 1; i < 64; i++) {
      const cut = file.subarray(0, Math.floor((file.length * i) / 64));
      const image = await openBytes(cut).catch((error: Error) => error);
      if (image instanceof Error) expect(image.name).toBe('FormatError');
      else expect(pagesOf(image, 0x104)).toMatch(/^[=.t]+$/);
    }
  });
});

/** Raw files must have a MiB. */
function padded(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(1 << 20);
  out.set(bytes);
  return out;
}
