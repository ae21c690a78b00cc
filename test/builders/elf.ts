import { pageContent, parseLines } from './content.ts';

export interface ElfRecipe {
  /**
   * Lines `<address>[-<last address>] <what>...`, numbers in hexadecimal, a PT_LOAD each:
   * `at=<virtual>`, `file=<bytes in the file>`, `fill=<byte>` instead of pageContent, `offset=<file offset>`,
   * `mem=<p_memsz>`, `gap=<bytes before its data>`.
   */
  loads: string;
  bigEndian?: boolean;
  notes?: Uint8Array;
  machine?: number;
  type?: number;
  /** Number of segments in sh_info of section header 0, as for 65,535 and more. */
  extendedCount?: boolean;
}

/** Makes an ELF core: header, program headers, notes, then the data of each PT_LOAD one behind the other. */
export function buildElf(recipe: ElfRecipe): Uint8Array {
  const le = !recipe.bigEndian;
  const notes = recipe.notes ?? new Uint8Array(0);
  const loads = parseLines(recipe.loads).map(({ first, last, words }) => {
    const option = (name: string): number | undefined => {
      const word = words.find((w) => w.startsWith(`${name}=`));
      return word === undefined ? undefined : Number.parseInt(word.slice(name.length + 1), 16);
    };
    const memory = option('mem') ?? last + 1 - first;
    const inFile = option('file') ?? memory;
    const bytes = new Uint8Array(option('offset') === undefined ? inFile : 0);
    for (let at = 0; at < bytes.length; ) {
      const address = first + at;
      const page = pageContent(Math.floor(address / 4096)).subarray(address % 4096);
      bytes.set(page.subarray(0, bytes.length - at), at);
      at += page.length;
    }
    const fill = option('fill');
    if (fill !== undefined) bytes.fill(fill);
    return {
      first,
      memory,
      inFile,
      bytes,
      virtual: option('at') ?? 0,
      offset: option('offset'),
      gap: option('gap') ?? 0,
    };
  });
  const count = loads.length + 1;
  const extended = recipe.extendedCount || count >= 0xffff;
  const sections = extended ? 64 : 0;
  const headers = 64 + count * 56 + sections;
  const size = headers + notes.length + loads.reduce((n, l) => n + l.gap + l.bytes.length, 0);
  const out = new Uint8Array(size);
  const view = new DataView(out.buffer);
  out.set([0x7f, 0x45, 0x4c, 0x46, 2, le ? 1 : 2, 1]);
  view.setUint16(16, recipe.type ?? 4, le);
  view.setUint16(18, recipe.machine ?? 62, le);
  view.setUint32(20, 1, le);
  view.setBigUint64(32, 64n, le);
  view.setUint16(52, 64, le);
  view.setUint16(54, 56, le);
  view.setUint16(56, extended ? 0xffff : count, le);
  view.setUint16(58, 64, le);
  if (extended) {
    const at = 64 + count * 56;
    view.setBigUint64(40, BigInt(at), le);
    view.setUint16(60, 1, le);
    view.setUint32(at + 44, count, le);
  }
  let at = headers;
  const program = (
    i: number,
    type: number,
    p: { offset: number; virtual: number; physical: number; file: number; mem: number },
  ) => {
    const h = 64 + i * 56;
    view.setUint32(h, type, le);
    view.setBigUint64(h + 8, BigInt(p.offset), le);
    view.setBigUint64(h + 16, BigInt(p.virtual), le);
    view.setBigUint64(h + 24, BigInt(p.physical), le);
    view.setBigUint64(h + 32, BigInt(p.file), le);
    view.setBigUint64(h + 40, BigInt(p.mem), le);
  };
  program(0, 4, { offset: at, virtual: 0, physical: 0, file: notes.length, mem: 0 });
  out.set(notes, at);
  at += notes.length;
  loads.forEach((load, i) => {
    at += load.gap;
    program(i + 1, 1, {
      offset: load.offset ?? at,
      virtual: load.virtual,
      physical: load.first,
      file: load.inFile,
      mem: load.memory,
    });
    out.set(load.bytes, at);
    at += load.bytes.length;
  });
  return out;
}

/** ELF notes, each a name, a type and text or bytes, padded to four bytes. */
export function buildNotes(
  notes: readonly { name: string; type?: number; desc: string | Uint8Array }[],
  bigEndian = false,
): Uint8Array {
  const out: number[] = [];
  const word = (n: number): void => {
    const bytes = [n & 255, (n >>> 8) & 255, (n >>> 16) & 255, n >>> 24];
    out.push(...(bigEndian ? bytes.reverse() : bytes));
  };
  const padded = (bytes: Uint8Array): void => {
    out.push(...bytes);
    while (out.length % 4 !== 0) out.push(0);
  };
  for (const { name, type = 0, desc } of notes) {
    const nameBytes = new TextEncoder().encode(`${name}\0`);
    const descBytes = typeof desc === 'string' ? new TextEncoder().encode(desc) : desc;
    word(nameBytes.length);
    word(descBytes.length);
    word(type);
    padded(nameBytes);
    padded(descBytes);
  }
  return Uint8Array.from(out);
}
