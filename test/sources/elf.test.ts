import { describe, expect, it } from 'vitest';
import { buildElf, buildNotes } from '../builders/elf.ts';
import { checkRuns, openBytes, pagesOf } from './open-bytes.ts';

describe('ELF cores', () => {
  it.each([false, true])('are read in either byte order (big endian: %s)', async (bigEndian) => {
    const notes = buildNotes([{ name: 'VMCOREINFO', desc: 'OSRELEASE=6.1\nPAGESIZE=4096\n' }], bigEndian);
    const image = await openBytes(buildElf({ loads: '0-3fff\n8000-9fff', bigEndian, notes, machine: 22 }));
    expect(pagesOf(image, 12)).toBe('====....==..');
    expect(image.notes.map((n) => [n.name, n.desc.length])).toEqual([['VMCOREINFO', 28]]);
    expect(image.machine).toBe(22);
    expect(image.warnings).toEqual([]);
    checkRuns(image);
  });

  it('give no memory for what a filter left out of a segment, at any offset', async () => {
    const image = await openBytes(buildElf({ loads: '0-7fff file=2345\n10123-1ffff file=100 gap=7' }));
    expect([...image.memory.runs]).toEqual([
      { start: 0, end: 0x2345, state: 'present' },
      { start: 0x2345, end: 0x8000, state: 'excluded' },
      { start: 0x10123, end: 0x10223, state: 'present' },
      { start: 0x10223, end: 0x20000, state: 'excluded' },
    ]);
    expect(pagesOf(image, 9)).toBe('==xxxxxx.');
    const bytes = new Uint8Array(8192);
    expect(image.memory.readInto(0x1000, bytes)).toBe(0x1345);
    checkRuns(image);
  });

  it('with segments of no length are read without them', async () => {
    const image = await openBytes(buildElf({ loads: '0-0 file=0 mem=0\n1000-1fff\n5000-5000 file=0 mem=0' }));
    expect(pagesOf(image, 6)).toBe('.=....');
  });

  it('take the earlier of two segments that disagree, and one with data over one without', async () => {
    const image = await openBytes(buildElf({ loads: '0-1fff file=0\n1000-2fff\n2000-4fff fill=0\n0-0fff' }));
    expect(pagesOf(image, 6)).toBe('===00.');
    checkRuns(image);
  });

  it('have more than 65,534 segments by way of section header 0', async () => {
    const count = 65540;
    const loads = Array.from({ length: count }, (_, i) => `${(i * 0x2000).toString(16)} mem=10`).join('\n');
    const image = await openBytes(buildElf({ loads }));
    expect(Object.fromEntries(image.details).segments).toBe(`${count} PT_LOAD, 1 other`);
    expect(image.memory.readInto((count - 1) * 0x2000, new Uint8Array(16))).toBe(16);
    expect(image.memory.runAt((count - 1) * 0x2000 + 16).state).toBe('hole');
  });

  it('whose segments all lie over one another are opened in good time', async () => {
    const loads = Array.from({ length: 20000 }, (_, i) => `${i.toString(16)} mem=100000 file=10`).join('\n');
    const started = Date.now();
    await openBytes(buildElf({ loads }));
    expect(Date.now() - started).toBeLessThan(5000);
  });

  it('say what of them is cut off', async () => {
    const file = buildElf({ loads: '0-3fff\n8000-9fff' });
    const image = await openBytes(file.subarray(0, file.length - 0x1800));
    expect(image.warnings).toEqual([
      expect.stringContaining('the file ends before the data of 1 of 2 segments: it is truncated'),
    ]);
    expect(pagesOf(image, 12)).toBe('====....tt..');
    expect(image.memory.runAt(0x8800)).toEqual({ start: 0x8800, end: 0xa000, state: 'truncated' });
  });

  it('may start a segment at a fraction of a page', async () => {
    const image = await openBytes(buildElf({ loads: '800-17ff\n1800-27ff' }));
    expect([...image.memory.runs]).toEqual([{ start: 0x800, end: 0x2800, state: 'present' }]);
    expect(pagesOf(image, 4)).toBe('.==.'.replace('==', '=.'));
  });

  it('ignore virtual addresses, also where they clash with physical ones', async () => {
    expect(pagesOf(await openBytes(buildElf({ loads: '0-1fff at=4000\n4000-5fff at=0' })), 7)).toBe(
      '==..==.',
    );
  });

  it.each([
    ['offset=7fffffffffffffff', 'beyond the file'],
    ['offset=fffffffffffff000', 'beyond any file'],
    ['mem=7ffffffffffff000 file=1000', 'of 2^63 bytes'],
  ])('with a segment %s (%s) give what else they have', async (words) => {
    const image = await openBytes(
      buildElf({
        loads: `0-1fff\n100000-101fff ${words.replace(/file=\S+/, '')}`.replace(
          'mem=7ffffffffffff000',
          'offset=99999999',
        ),
      }),
    );
    expect(pagesOf(image, 3)).toBe('==.');
  });

  it.each([
    [2, 'an ELF program or vmlinux'],
    [9, 'e_type 9'],
  ])('are not files of type %i', async (type, found) => {
    await expect(openBytes(buildElf({ loads: '0-fff', type }))).rejects.toThrow(found);
  });

  it('without any segment or header are refused', async () => {
    await expect(openBytes(buildElf({ loads: '' }))).rejects.toThrow('at least one PT_LOAD');
    await expect(openBytes(buildElf({ loads: '0-fff' }).subarray(0, 40))).rejects.toThrow('truncated');
  });

  it('of VirtualBox are known by their notes', async () => {
    const notes = buildNotes([{ name: 'VBCORE', type: 0xb00, desc: new Uint8Array(24) }]);
    const image = await openBytes(buildElf({ loads: '0-1fff', notes }));
    expect(image.format).toBe('ELF core (VirtualBox)');
    expect(pagesOf(image, 3)).toBe('==.');
  });
});
