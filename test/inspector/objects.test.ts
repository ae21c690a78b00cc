import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { explainPage, type Inspector, openMemory, PAGE_CLASSES, tableDefinition } from '../../src/index.ts';
import { groupPages } from '../../src/inspector/group-pages.ts';

/**
 * A guest of 6.1 that ran a process for each use of memory, made by `structpage capture --objects`, and its own
 * /proc/kpageflags, read a moment before it was stopped.
 */
const fixture = (end: string): string =>
  new URL(`../fixtures/x86_64-objects-6.1.${end}`, import.meta.url).pathname;

let memory: Inspector;
beforeAll(async () => {
  memory = await openMemory(fixture('elf.zst'));
});
afterAll(() => memory.close());

/** The number of pages of each group. */
const counted = (by: readonly string[], where: string): Record<string, number> =>
  Object.fromEntries(groupPages(memory, by, { where }).map(({ values, pages }) => [values.join(' '), pages]));

describe('classes', () => {
  test('are one for each page, without conflict, and nearly all are known', () => {
    const { codes, conflicts, gaps } = memory.classes;
    expect([conflicts, gaps]).toEqual([[], []]);
    const names = Array.from(codes, (code) => PAGE_CLASSES[code]!.name);
    const ram = names.filter((name) => name !== 'hole').length;
    expect(names.filter((name) => name === 'unknown').length / ram).toBeLessThan(0.005);
    expect(new Set(names).size).toBeGreaterThan(25);
  });

  /** Bits of kpageflags (include/uapi/linux/kernel-page-flags.h), and the classes of pages that have them. */
  test.each([
    ['slab', 7, ['slab']],
    ['buddy', 10, ['free_buddy']],
    ['huge', 17, ['hugetlb', 'hugetlb_free']],
    ['ksm', 21, ['ksm', 'anon']],
    ['offline', 23, ['balloon']],
    ['pgtable', 26, ['page_table']],
  ])('agree with what the kernel said of %s pages', (_, bit, classes) => {
    const bytes = gunzipSync(readFileSync(fixture('kpageflags.gz')));
    const { codes } = memory.classes;
    let said = 0;
    let others = 0;
    for (let pfn = 0; pfn < codes.length; pfn++) {
      if (((bytes.readBigUInt64LE(pfn * 8) >> BigInt(bit)) & 1n) === 0n) continue;
      said++;
      if (!classes.includes(PAGE_CLASSES[codes[pfn]!]!.name)) others++;
    }
    expect(said).toBeGreaterThan(200);
    // the guest went on for a moment
    expect(others).toBeLessThan(20);
  });
});

describe('the owner of a page', () => {
  test('is the process that maps it, with its area', () => {
    const owners = counted(['owner'], 'process has w-anon and class == anon');
    expect(owners['w-anon[183] [heap]']).toBeGreaterThan(0);
    expect(owners['w-anon[183], w-anon[184]']).toBeGreaterThan(0);
  });

  test('is the pipe or the socket and who has it open', () => {
    const pipes = counted(['owner'], 'class == pipe and owner like "w-pipes*"');
    expect(Object.keys(pipes).length).toBeGreaterThan(30);
    expect(Object.keys(pipes)).toEqual(
      Object.keys(pipes).filter((o) => /^w-pipes\[191\] pipe:\[\d+\]$/.test(o)),
    );
    const sockets = Object.keys(counted(['owner'], 'class == socket and owner is not empty'));
    for (const name of ['w-tcp[193]', 'w-unix[192]', 'w-packet[194]']) {
      expect(sockets.filter((o) => o.startsWith(`${name} socket:[`)).length).toBeGreaterThan(0);
    }
  });

  test('is the thread of a stack, the process of a page table', () => {
    expect(counted(['owner'], 'class == kernel_stack and owner == "w-pipes[191]"')).toEqual({
      'w-pipes[191]': 4,
    });
    expect(counted(['owner'], 'class == page_table')['w-vm[238]']).toBeGreaterThan(400);
    expect(counted(['class'], 'class == kernel_stack and owner is empty')).toEqual({});
  });

  test('is a BPF map, a zram device, a module, a caller, a slab cache', () => {
    const owners = counted(['class', 'owner'], 'class in (vmalloc, zsmalloc, module, slab)');
    expect(owners['vmalloc BPF map 2']).toBe(267);
    expect(owners['zsmalloc zram0']).toBeGreaterThan(3000);
    expect(owners['module module overlay']).toBeGreaterThan(0);
    expect(owners['vmalloc pcpu_create_chunk+0x167']).toBeGreaterThan(0);
    expect(owners['slab slab dentry']).toBeGreaterThan(0);
  });

  test('is missing of free pages alone, and of few others', () => {
    const none = counted(['class'], 'owner is empty');
    for (const name of ['free_buddy', 'free_pcp', 'hole', 'hugetlb_free', 'reserved', 'balloon'])
      delete none[name];
    const total = Object.values(none).reduce((sum, n) => sum + n, 0);
    expect(total).toBeLessThan(1000);
  });
});

test('no reference is unexplained, but of pages that are isolated', () => {
  expect(Object.keys(counted(['class'], 'refs_unexplained > 0'))).toEqual([]);
});

test('each reference of a page that was spliced and sent is listed', () => {
  const [{ pfn }] = [
    ...memory.selectSync({ columns: ['pfn'], where: 'file == "/d/file1" and index == 0' }),
  ].flatMap(({ batch, rows }) => [...rows].map((row) => ({ pfn: batch.start + row }))) as [{ pfn: number }];
  const { references } = explainPage(memory, pfn);
  expect(references[0]).toBe('refcount 8, all explained');
  expect(references[1]).toMatch(/^1 page cache: address_space 0x[0-9a-f]+ -> i_pages\[0x0\]$/);
  expect(references[2]).toMatch(/^1 private data: 0x[0-9a-f]+$/);
  const buffer = /^1 buffer of w-pipes\[191\] pipe:\[\d+\]: pipe_inode_info 0x[0-9a-f]+ -> 0x[0-9a-f]+$/;
  expect(references.filter((line) => buffer.test(line)).length).toBe(2);
  expect(references.filter((line) => /^1 fragment of a packet.*: sk_buff 0x/.test(line)).length).toBe(4);
});

test('tables of objects: slabs, processes, mounts', () => {
  const rows = (name: string) => [
    ...(tableDefinition(name).rows(memory, () => {}) as Iterable<Record<string, unknown>>),
  ];
  expect(rows('slab').find(({ cache }) => cache === 'dentry')).toBeDefined();
  const processes = rows('processes');
  expect(processes.length).toBe(32);
  expect(rows('mounts').some(({ path }) => path === '/d')).toBe(true);
});
