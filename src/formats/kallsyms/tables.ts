import { hex } from '../../core/address.ts';
import { viewOf } from '../../core/bytes.ts';
import { FaultError, FormatError } from '../../core/errors.ts';
import type { ReadVirtual } from './lazy-table.ts';
import { GROUP, MAX_ENTRY } from './names.ts';

/** Addresses of the tables that scripts/kallsyms.c makes. */
export interface KallsymsTables {
  /** kallsyms_num_syms: the number of symbols, 32 bits. */
  readonly numSyms: bigint;
  readonly names: bigint;
  readonly tokenTable: bigint;
  readonly tokenIndex: bigint;
  /** kallsyms_offsets, or kallsyms_addresses if the kernel has those. */
  readonly offsets: bigint;
  /** Absent since 7.1. */
  readonly relativeBase?: bigint;
  /** Since 6.2; searched for if not given. */
  readonly seqsOfNames?: bigint;
  /** Searched for if not given. */
  readonly markers?: bigint;
}

/** The next address that is a multiple of `to`, a power of two. */
export function align(address: bigint, to: bigint): bigint {
  return (address + to - 1n) & -to;
}

/** kallsyms_token_index: 256 numbers of 16 bits. */
const TOKEN_INDEX_BYTES = 512n;

/**
 * Holds the places of the tables against one another: scripts/kallsyms.c writes one behind the other, the names behind their number
 * and, where there is one, the base behind `count` offsets. A table that is said to be elsewhere would give each symbol the address of
 * another. Throws FormatError.
 */
export function checkPlaces(tables: KallsymsTables, count: number): void {
  const { numSyms, names, tokenIndex, offsets, relativeBase } = tables;
  const expect = (file: string, found: bigint, places: readonly bigint[]): void => {
    if (places.includes(found)) return;
    throw new FormatError({ file, expected: `it at ${places.map(hex).join(' or ')}`, found: hex(found) });
  };
  expect('kallsyms_names', names, [align(numSyms + 4n, 4n), align(numSyms + 4n, 8n)]);
  if (relativeBase !== undefined) {
    const end = offsets + BigInt(count * 4);
    expect('kallsyms_relative_base', relativeBase, [align(end, 4n), align(end, 8n)]);
  }
  // since 6.4; before that, the offsets are the first table
  if (offsets > tokenIndex) expect('kallsyms_offsets', offsets, [tokenIndex + TOKEN_INDEX_BYTES]);
}

/** Maximum size of the names: they end where another table starts. */
export function namesRoom(tables: KallsymsTables, markers: bigint | undefined, count: number): number {
  const most = BigInt(Math.min(count * MAX_ENTRY, 1 << 26));
  let room = most;
  for (const next of [markers, tables.tokenTable, tables.numSyms, tables.offsets]) {
    if (next !== undefined && next > tables.names && next - tables.names < room) room = next - tables.names;
  }
  return Number(room);
}

/**
 * Finds kallsyms_markers, the offset of every 256th symbol in the names. VMCOREINFO does not name it. It ends where the
 * token table starts; in 6.2 and 6.3 the order by name is between them.
 */
export function findMarkers(
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

/** Possible places of the order by name: after the offsets and the base of `wordBytes` (since 6.4), or after the markers (6.2, 6.3). */
export function seqsCandidates(
  tables: KallsymsTables,
  markers: bigint | undefined,
  count: number,
  wordBytes: 4 | 8,
): Set<bigint> {
  const word = BigInt(wordBytes);
  const out = new Set<bigint>();
  if (tables.seqsOfNames !== undefined) out.add(tables.seqsOfNames);
  if (tables.relativeBase !== undefined) out.add(tables.relativeBase + word);
  const afterOffsets = tables.offsets + BigInt(count * 4);
  for (const alignment of [4n, 8n]) {
    out.add(align(afterOffsets, alignment));
    if (markers !== undefined) out.add(align(markers + BigInt(Math.ceil(count / GROUP) * 4), alignment));
  }
  out.add(align(afterOffsets, word) + word);
  return out;
}

/** Undefined if the necessary memory cannot be read. */
export function unlessFault<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof FaultError) return undefined;
    throw error;
  }
}
