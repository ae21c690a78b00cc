import { viewOf } from '../../core/bytes.ts';
import { FaultError, FormatError } from '../../core/errors.ts';
import { type Decoding, decodings, readWord } from './addresses.ts';
import { LazyTable, type ReadVirtual } from './lazy-table.ts';
import { GROUP, MAX_ENTRY, Names } from './names.ts';
import { Tokens } from './tokens.ts';

export type { ReadVirtual } from './lazy-table.ts';

/** Addresses of the tables that scripts/kallsyms.c makes. */
export interface KallsymsTables {
  /** kallsyms_num_syms: the number of symbols, 32 bits. */
  readonly numSyms: bigint;
  readonly names: bigint;
  readonly tokenTable: bigint;
  readonly tokenIndex: bigint;
  /** kallsyms_offsets, or kallsyms_addresses where the kernel has those. */
  readonly offsets: bigint;
  /** Absent since 7.1. */
  readonly relativeBase?: bigint;
  /** Since 6.2; looked for where it is not given. */
  readonly seqsOfNames?: bigint;
  /** Looked for where it is not given. */
  readonly markers?: bigint;
}

/** What is known otherwise, and decides how addresses are stored. */
export interface KallsymsHints {
  /** Runtime address of _stext or _text. */
  readonly text: bigint;
}

/** The order of symbols is stored in 3 bytes (kallsyms_seqs_of_names). */
const MAX_SYMBOLS = 1 << 24;

/**
 * The kernel's own symbol table, read from its memory (kernel/kallsyms.c): all layouts from 5.10 on, of either
 * byte order. Nothing decides by version: whatever gives `_stext` the address that it is known to have is right.
 *
 * Methods throw FaultError where a part of the tables is not in the image, FormatError where it is damaged.
 */
export class Kallsyms {
  readonly count: number;
  readonly #names: Names;
  readonly #decoding: Decoding;
  /** kallsyms_seqs_of_names: indices of the symbols in the order of their names, 3 bytes each, high first. */
  readonly #byName: LazyTable | undefined;
  readonly #cache: Map<string, bigint | undefined> = new Map();

  private constructor(names: Names, decoding: Decoding, byName: LazyTable | undefined) {
    this.count = names.count;
    this.#names = names;
    this.#decoding = decoding;
    this.#byName = byName;
  }

  /**
   * @throws FormatError when the tables do not agree with each other or with the hint
   * @throws FaultError when they cannot be read
   */
  static open(read: ReadVirtual, tables: KallsymsTables, hints: KallsymsHints): Kallsyms {
    const tokens = Tokens.read(read, tables.tokenTable, tables.tokenIndex);
    const little = tokens.littleEndian;
    const count = viewOf(read(tables.numSyms, 4)).getUint32(0, little);
    if (count === 0 || count >= MAX_SYMBOLS) {
      throw new FormatError({
        file: 'kallsyms_num_syms',
        expected: `1 to ${MAX_SYMBOLS - 1} symbols`,
        found: `${count}`,
      });
    }
    const markers = findMarkers(read, tables, count, little);
    const names = new Names(
      new LazyTable(read, tables.names, namesRoom(tables, markers?.address, count)),
      tokens,
      count,
      markers?.values,
    );
    const candidates = seqsCandidates(tables, markers?.address, count);
    for (const address of candidates) {
      const table = new LazyTable(read, address, count * 3);
      const index = unlessFault(
        () => searchByName(names, table, '_stext') ?? searchByName(names, table, '_text'),
      );
      if (index === undefined) continue;
      const decoding = chooseDecoding(read, tables, names, [index], hints.text, little);
      if (decoding) return new Kallsyms(names, decoding, table);
    }
    const found = names.findAll(['_stext', '_text']);
    if (found.size === 0) {
      throw new FormatError({ file: 'kallsyms', expected: 'a symbol _stext or _text', found: 'neither' });
    }
    const decoding = chooseDecoding(read, tables, names, [...found.values()], hints.text, little);
    if (decoding) return new Kallsyms(names, decoding, undefined);
    throw new FormatError({
      file: 'kallsyms',
      expected: `an encoding that gives _stext the address 0x${hints.text.toString(16)}`,
      found: 'none among those known',
    });
  }

  /** How addresses are stored, in words. */
  get encoding(): string {
    return this.#decoding.name;
  }

  /** Address of the symbol of exactly that name; the first in the order of addresses if several have it. */
  address(name: string): bigint | undefined {
    return this.addresses([name]).get(name);
  }

  /** Addresses of many symbols: in one pass where the kernel has no order by name (before 6.2). */
  addresses(names: readonly string[]): Map<string, bigint> {
    const missing = names.filter((name) => !this.#cache.has(name));
    if (missing.length > 0) {
      const found = this.#byName ? undefined : this.#names.findAll(missing);
      for (const name of missing) {
        const index = this.#byName ? searchByName(this.#names, this.#byName, name) : found?.get(name);
        this.#cache.set(name, index === undefined ? undefined : this.#decoding.address(index));
      }
    }
    const out = new Map<string, bigint>();
    for (const name of names) {
      const address = this.#cache.get(name);
      if (address !== undefined) out.set(name, address);
    }
    return out;
  }

  /** Every symbol, in the order of addresses. `type` is the letter of nm(1). */
  *entries(): Generator<{ name: string; type: string; address: bigint }> {
    let index = 0;
    for (const text of this.#names.texts()) {
      yield { name: text.slice(1), type: text.slice(0, 1), address: this.#decoding.address(index++) };
    }
  }

  /** The symbol at or before an address; undefined before the first and after the last, so for modules. */
  nearest(address: bigint): { name: string; offset: bigint } | undefined {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#decoding.address(middle) <= address) low = middle + 1;
      else high = middle;
    }
    if (low === 0) return undefined;
    const start = this.#decoding.address(low - 1);
    if (low === this.count && start !== address) return undefined;
    // Of several symbols at one address the kernel prints the first.
    let first = low - 1;
    while (first > 0 && this.#decoding.address(first - 1) === start) first--;
    return { name: this.#names.text(first).slice(1), offset: address - start };
  }
}

function align(address: bigint, to: bigint): bigint {
  return (address + to - 1n) & -to;
}

/** Room for the names: they end where another table starts. */
function namesRoom(tables: KallsymsTables, markers: bigint | undefined, count: number): number {
  const most = BigInt(Math.min(count * MAX_ENTRY, 1 << 26));
  let room = most;
  for (const next of [markers, tables.tokenTable, tables.numSyms, tables.offsets]) {
    if (next !== undefined && next > tables.names && next - tables.names < room) room = next - tables.names;
  }
  return Number(room);
}

/**
 * kallsyms_markers: where in the names every 256th symbol is. VMCOREINFO does not name it; it ends where the token
 * table starts, with the order by name between them in 6.2 and 6.3.
 */
function findMarkers(
  read: ReadVirtual,
  tables: KallsymsTables,
  count: number,
  little: boolean,
): { address: bigint; values: Uint32Array } | undefined {
  const size = BigInt(Math.ceil(count / GROUP) * 4);
  const candidates = new Set<bigint>();
  if (tables.markers !== undefined) candidates.add(tables.markers);
  for (const alignment of [4n, 8n]) {
    candidates.add(tables.tokenTable - align(size, alignment));
    candidates.add(tables.tokenTable - align(BigInt(count * 3), alignment) - align(size, alignment));
  }
  for (const address of candidates) {
    const values = readMarkers(read, address, Number(size), little);
    if (values && agrees(read, tables.names, values, count)) return { address, values };
  }
  return undefined;
}

function readMarkers(
  read: ReadVirtual,
  address: bigint,
  size: number,
  little: boolean,
): Uint32Array | undefined {
  const view = viewOf(unlessFault(() => read(address, size)) ?? new Uint8Array(0));
  const values = Uint32Array.from({ length: view.byteLength / 4 }, (_, i) => view.getUint32(i * 4, little));
  const rises = values.every((value, i) => (i === 0 ? value === 0 : value > values[i - 1]!));
  return values.length > 0 && rises ? values : undefined;
}

/** Whether walking the first group of names ends where the second marker points. */
function agrees(read: ReadVirtual, names: bigint, markers: Uint32Array, count: number): boolean {
  const end = markers[1];
  if (end === undefined) return count <= GROUP;
  if (end > GROUP * MAX_ENTRY) return false;
  const bytes = unlessFault(() => read(names, end));
  if (!bytes) return false;
  let at = 0;
  for (let i = 0; i < GROUP && at < end; i++) {
    const length = bytes[at]!;
    at += length < 128 ? 1 + length : 2 + ((length & 127) | ((bytes[at + 1] ?? 0) << 7));
  }
  return at === end;
}

/** Where the order by name can be: behind the offsets and the base (6.4 on), or behind the markers (6.2, 6.3). */
function seqsCandidates(tables: KallsymsTables, markers: bigint | undefined, count: number): Set<bigint> {
  const out = new Set<bigint>();
  if (tables.seqsOfNames !== undefined) out.add(tables.seqsOfNames);
  if (tables.relativeBase !== undefined) out.add(tables.relativeBase + 8n);
  const afterOffsets = tables.offsets + BigInt(count * 4);
  for (const alignment of [4n, 8n]) {
    out.add(align(afterOffsets, alignment));
    if (markers !== undefined) out.add(align(markers + BigInt(Math.ceil(count / GROUP) * 4), alignment));
  }
  out.add(align(afterOffsets, 8n) + 8n);
  return out;
}

/** Binary search as kallsyms_lookup_names does it; the first of several of that name. */
function searchByName(names: Names, order: LazyTable, name: string): number | undefined {
  const wanted = Buffer.from(name, 'latin1');
  const at = (position: number): number | undefined => {
    order.load(position * 3, position * 3 + 3);
    const [a, b, c] = order.bytes.subarray(position * 3, position * 3 + 3);
    const index = (a! << 16) | (b! << 8) | c!;
    return index < names.count ? index : undefined;
  };
  let low = 0;
  let high = names.count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const index = at(middle);
    if (index === undefined) return undefined;
    if (names.compare(index, wanted) < 0) low = middle + 1;
    else high = middle;
  }
  const index = low < names.count ? at(low) : undefined;
  return index !== undefined && names.compare(index, wanted) === 0 ? index : undefined;
}

function chooseDecoding(
  read: ReadVirtual,
  tables: KallsymsTables,
  names: Names,
  textSymbols: readonly number[],
  text: bigint,
  little: boolean,
): Decoding | undefined {
  const offsets = new LazyTable(read, tables.offsets, names.count * 4, little);
  const absolute = new LazyTable(read, tables.offsets, names.count * 8, little);
  const baseAddress = tables.relativeBase ?? align(tables.offsets + BigInt(names.count * 4), 8n);
  const base = readWord(read, baseAddress, little);
  return decodings(offsets, absolute, base === undefined ? [] : [base]).find((decoding) =>
    textSymbols.some((index) => unlessFault(() => decoding.address(index)) === text),
  );
}

function unlessFault<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof FaultError) return undefined;
    throw error;
  }
}
