import { FaultError } from '../../src/core/errors.ts';
import type { KallsymsTables, ReadVirtual } from '../../src/formats/kallsyms/kallsyms.ts';

/** The orders in which scripts/kallsyms.c has put its tables. */
export type TableOrder = '5.10' | '6.2' | '6.4' | '7.0';
/** How the addresses are stored. */
export type Encoding = 'relative' | 'per-cpu' | 'in place' | 'absolute';

export interface KallsymsOptions {
  readonly order: TableOrder;
  readonly encoding: Encoding;
  readonly bigEndian?: boolean;
  /** Alignment of every table; the kernel's was 8 and is 4 since 7.0. */
  readonly alignment?: number;
  /** Bytes of other things in front of the tables and behind them. */
  readonly margin?: number;
}

export interface BuiltKallsyms {
  readonly image: { readonly bytes: Uint8Array; readonly address: bigint };
  readonly tables: Required<Omit<KallsymsTables, 'relativeBase' | 'seqsOfNames'>> &
    Pick<KallsymsTables, 'relativeBase' | 'seqsOfNames'>;
  readonly read: ReadVirtual;
}

export interface KernelSymbol {
  readonly address: bigint;
  readonly type: string;
  readonly name: string;
}

const IMAGE = 0xffffffff82000ff0n;
/** Strings that are worth a token of their own. */
const COMMON = ['__x64_sys_', 'T_', 'start', '_stext', 'init', 'page', '__', 'sym'];

/** Lines of `address type name`, as System.map has them, sorted by address. */
export function parseSymbols(map: string): KernelSymbol[] {
  return map
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .map(([address, type, name]) => ({ address: BigInt(`0x${address}`), type: type!, name: name! }));
}

/** Lays the tables out in memory as a kernel has them. */
export function buildKallsyms(symbols: readonly KernelSymbol[], options: KallsymsOptions): BuiltKallsyms {
  const { order, encoding, bigEndian = false, alignment = 8, margin = 64 } = options;
  const out = new Writer(IMAGE, alignment, bigEndian);
  out.raw(new Uint8Array(margin).fill(0xcc));
  const tokens = tokenTable(symbols);
  const base = symbols.find((s) => s.address > 0xffffffff00000000n)!.address;
  const put: Record<string, () => void> = {
    offsets: () => {
      for (const [i, { address }] of symbols.entries()) {
        if (encoding === 'absolute') out.u64(address);
        else if (encoding === 'in place') out.u32(Number(address - (out.label('offsets') + BigInt(i * 4))));
        else if (encoding === 'relative') out.u32(Number(address - base));
        else out.u32(Number(address < 0x80000000n ? address : base - 1n - address));
      }
    },
    relativeBase: () => out.u64(base),
    numSyms: () => out.u32(symbols.length),
    names: () => {
      for (const { type, name } of symbols) {
        const packed = tokens.pack(type + name);
        out.raw(packed.length < 128 ? [packed.length] : [(packed.length & 127) | 128, packed.length >> 7]);
        out.raw(packed);
      }
    },
    markers: () => {
      let at = 0;
      for (const [i, { type, name }] of symbols.entries()) {
        if (i % 256 === 0) out.u32(at);
        const length = tokens.pack(type + name).length;
        at += length + (length < 128 ? 1 : 2);
      }
    },
    tokenTable: () => out.raw(Buffer.from(tokens.strings.map((s) => `${s}\0`).join(''), 'latin1')),
    tokenIndex: () => {
      let at = 0;
      for (const token of tokens.strings) {
        out.u16(at);
        at += token.length + 1;
      }
    },
    seqsOfNames: () => {
      const sorted = symbols.map((s, i) => ({ name: s.name, i }));
      sorted.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.i - b.i));
      for (const { i } of sorted) out.raw([i >> 16, (i >> 8) & 255, i & 255]);
    },
  };
  const orders: Record<TableOrder, string> = {
    '5.10': 'offsets relativeBase numSyms names markers tokenTable tokenIndex',
    '6.2': 'offsets relativeBase numSyms names markers seqsOfNames tokenTable tokenIndex',
    '6.4': 'numSyms names markers tokenTable tokenIndex offsets relativeBase seqsOfNames',
    '7.0': 'numSyms names markers tokenTable tokenIndex offsets seqsOfNames',
  };
  for (const table of orders[order].split(' ')) {
    if (table === 'relativeBase' && encoding === 'absolute') continue;
    out.place(table);
    put[table]!();
  }
  out.raw(new Uint8Array(margin).fill(0xcc));
  const bytes = out.bytes();
  return {
    image: { bytes, address: IMAGE },
    tables: Object.fromEntries(out.labels) as unknown as BuiltKallsyms['tables'],
    read: readFrom(bytes, IMAGE),
  };
}

/** Reads of an image; FaultError outside of it. */
export function readFrom(bytes: Uint8Array, base: bigint): ReadVirtual {
  return (address, length) => {
    const at = Number(address - base);
    if (at < 0 || at + length > bytes.length) {
      throw new FaultError({ address, space: 'virtual', reason: 'not-mapped' });
    }
    return bytes.subarray(at, at + length);
  };
}

function tokenTable(symbols: readonly KernelSymbol[]): { strings: string[]; pack(text: string): number[] } {
  const used = new Set(`0123456789${symbols.map((s) => s.type + s.name).join('')}`);
  const strings = Array.from({ length: 256 }, (_, i) =>
    used.has(String.fromCharCode(i)) ? String.fromCharCode(i) : '',
  );
  const free = strings.flatMap((token, i) => (token === '' ? [i] : []));
  for (const [i, token] of COMMON.entries()) strings[free[i]!] = token;
  const longest = [...strings.entries()].filter(([, token]) => token !== '');
  longest.sort(([, a], [, b]) => b.length - a.length);
  const pack = (text: string): number[] => {
    const packed: number[] = [];
    for (let at = 0; at < text.length; ) {
      const [byte, token] = longest.find(([, t]) => text.startsWith(t, at))!;
      packed.push(byte);
      at += token.length;
    }
    return packed;
  };
  return { strings, pack };
}

class Writer {
  readonly labels: Map<string, bigint> = new Map();
  readonly #chunks: number[] = [];
  readonly #base: bigint;
  readonly #alignment: number;
  readonly #big: boolean;

  constructor(base: bigint, alignment: number, bigEndian: boolean) {
    this.#base = base;
    this.#alignment = alignment;
    this.#big = bigEndian;
  }

  place(name: string): void {
    const alignment = name === 'relativeBase' ? 8 : this.#alignment;
    while ((Number(this.#base & 0xfffn) + this.#chunks.length) % alignment !== 0) this.#chunks.push(0);
    this.labels.set(name, this.#base + BigInt(this.#chunks.length));
  }

  label(name: string): bigint {
    return this.labels.get(name)!;
  }

  raw(bytes: Iterable<number>): void {
    for (const byte of bytes) this.#chunks.push(byte);
  }

  u16(value: number): void {
    this.#number(BigInt(value), 2);
  }

  u32(value: number): void {
    this.#number(BigInt(value), 4);
  }

  u64(value: bigint): void {
    this.#number(value, 8);
  }

  bytes(): Uint8Array {
    return Uint8Array.from(this.#chunks);
  }

  #number(value: bigint, size: number): void {
    const bytes = Array.from({ length: size }, (_, i) =>
      Number((BigInt.asUintN(64, value) >> BigInt(i * 8)) & 255n),
    );
    this.raw(this.#big ? bytes.reverse() : bytes);
  }
}
