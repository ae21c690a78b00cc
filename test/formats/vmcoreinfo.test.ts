import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FormatError } from '../../src/core/errors.ts';
import { parseNotes } from '../../src/formats/elf-notes.ts';
import { Vmcoreinfo } from '../../src/formats/vmcoreinfo.ts';

const TEXT = `OSRELEASE=6.1.0-1-amd64
BUILD-ID=00112233445566778899aabbccddeeff00112233
PAGESIZE=4096
SYMBOL(_stext)=ffffffff81000000
NUMBER(phys_base)=-291504128
NUMBER(VMALLOC_START)=0xff56be3e80000000
OFFSET(page.flags)=0
LENGTH(mem_section)=2048
KERNELOFFSET=15000000
`;

describe('VMCOREINFO', () => {
  test('its kinds of line', () => {
    const info = Vmcoreinfo.parse(`${TEXT}\0garbage=1\n`, 'note');
    expect(info.release).toBe('6.1.0-1-amd64');
    expect(info.pageSize).toBe(4096);
    expect(info.symbol('_stext')).toBe(0xffffffff81000000n);
    expect(info.number('phys_base')).toBe(-291504128n);
    expect(info.number('VMALLOC_START')).toBe(0xff56be3e80000000n);
    expect(info.offset('page.flags')).toBe(0);
    expect(info.length('mem_section')).toBe(2048);
    expect(info.get('garbage')).toBeUndefined();
    expect(info.symbol('nosuch')).toBeUndefined();
  });

  test('cut off before PAGESIZE it is refused with the line that is missing', () => {
    expect(() => Vmcoreinfo.parse('OSRELEASE=6.1\nBUILD', 'the note')).toThrow(
      'the note: expected VMCOREINFO with a line PAGESIZE=',
    );
  });

  test('nonsense numbers are no numbers', () => {
    const info = Vmcoreinfo.parse(
      'OSRELEASE=x\nPAGESIZE=4096\nSYMBOL(a)=zz\nNUMBER(b)=1e9\nSIZE(c)=-4\n',
      'x',
    );
    expect([info.symbol('a'), info.number('b'), info.size('c')]).toEqual([undefined, undefined, undefined]);
  });

  test('no text gives anything but a result or a FormatError', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(TEXT.length), (noise, at) => {
        try {
          const info = Vmcoreinfo.parse(TEXT.slice(0, at) + noise + TEXT.slice(at), 'x');
          info.symbol('_stext');
          info.number('phys_base');
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
    );
  });
});

test('ELF notes: any bytes give notes, and say whether they were cut', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, little) => {
      const { notes } = parseNotes(bytes, little);
      for (const note of notes) expect(note.desc.length).toBeLessThanOrEqual(bytes.length);
    }),
  );
});
