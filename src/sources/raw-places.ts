import type { ByteSource } from '../core/bytes.ts';
import { UnsupportedError, UsageError } from '../core/errors.ts';
import type { Piece } from './pieces.ts';
import { type Distance, selfPointers } from './self-pointers.ts';

const MIB = 2 ** 20;
const FOUR_GIB = 2 ** 32;
/** The hole for PCI begins here or above. */
const LEAST_HOLE = 2 ** 30;
/** No physical address is above this; what lists of the kernel's image say of themselves is far above it. */
const MOST_MIB = 2 ** 52 / MIB;

type Progress = (what: string, done: number, total: number) => void;

/** A memory file whose place may be said. */
export interface MemoryFile {
  readonly source: ByteSource;
  /** Physical address of its first byte, where that was said. */
  readonly said: number | undefined;
  /** It is known to be one piece. */
  readonly isWhole?: boolean;
}

/**
 * Where several memory files of one machine are in its physical memory (backends of QEMU's nodes, DIMMs): what was said, else what the lists of the kernel
 * in them tell. One that the hole for PCI below 4 GiB cuts in two becomes two pieces. The lowest is taken to begin at 0 unless another
 * place was said. Throws UnsupportedError for a file that nothing tells the place of, UsageError where two are in one place.
 */
export function placeFiles(files: readonly MemoryFile[], progress?: Progress): Piece[] {
  const areKnown = files.every(isKnown);
  const told = files.map((file) => ({
    ...file,
    distances: areKnown ? [] : selfPointers(file.source, progress),
  }));
  const base = directMap(told);
  const pieces = told.flatMap(({ source, said, distances }): Piece[] => {
    const parts = base === undefined ? [] : partsOf(source, distances, base, said);
    if (parts.length > 0) return parts;
    if (said === undefined) throw unknownPlace(source);
    return [{ start: said, end: said + source.byteLength, offset: 0, source }];
  });
  const sorted = [...pieces].sort((a, b) => a.start - b.start);
  for (const [i, piece] of sorted.entries()) {
    const next = sorted[i + 1];
    if (next && next.start < piece.end) {
      throw new UsageError(
        `${piece.source!.name} and ${next.source!.name} both have memory at 0x${next.start.toString(16)}: name each memory file once, and check --at`,
      );
    }
  }
  return pieces;
}

/** Whether nothing about the place of a file need be found out: it does not reach the hole for PCI, or it is one piece. */
function isKnown({ source, said, isWhole }: MemoryFile): boolean {
  if (said === undefined) return false;
  return isWhole === true || said >= FOUR_GIB || said + source.byteLength <= LEAST_HOLE;
}

interface Told extends MemoryFile {
  readonly distances: readonly Distance[];
}

/** Where the direct map would have address 0, in MiB: what most of the files' lists agree on. */
function directMap(files: readonly Told[]): number | undefined {
  const candidates = files.flatMap(({ said, distances }) =>
    distances.map((d) => d.mib - Math.floor((said ?? 0) / MIB)),
  );
  let best: { base: number; score: number } | undefined;
  for (const base of new Set(candidates)) {
    let score = 0;
    for (const { said, distances } of files) {
      const [first] = distances.filter(
        ({ mib }) =>
          mib >= base && mib - base < MOST_MIB && (said === undefined || mib - base === said / MIB),
      );
      score += first?.blocks ?? 0;
    }
    if (!best || score > best.score) best = { base, score };
  }
  return best?.base;
}

/**
 * The pieces of a file by its lists. Lists of the kernel image, and those in struct pages, are mapped elsewhere and seem to be far above
 * the direct map, so the lowest place counts.
 */
function partsOf(
  source: ByteSource,
  distances: readonly Distance[],
  base: number,
  said: number | undefined,
): Piece[] {
  const valid = distances
    .filter(({ mib }) => mib >= base && mib - base < MOST_MIB)
    .sort((a, b) => a.mib - b.mib);
  const [low] = valid;
  if (!low) return [];
  const place = ({ mib }: Distance): number => (mib - base) * MIB;
  for (const high of valid.slice(1)) {
    // the part above the hole begins at 4 GiB
    const cut = FOUR_GIB - place(high);
    if (low.last >= cut || high.first < cut || cut <= 0 || cut >= source.byteLength) continue;
    if (place(low) + cut > FOUR_GIB || (said !== undefined && place(low) !== said)) continue;
    return [
      { start: place(low), end: place(low) + cut, offset: 0, source },
      { start: FOUR_GIB, end: FOUR_GIB + source.byteLength - cut, offset: cut, source },
    ];
  }
  if (said !== undefined && place(low) !== said) return [];
  return [{ start: place(low), end: place(low) + source.byteLength, offset: 0, source }];
}

function unknownPlace(source: ByteSource): UnsupportedError {
  return new UnsupportedError(
    `${source.name}: nothing in it tells where in physical memory it belongs`,
    `say its address with --at ${source.name}=ADDRESS (QEMU's 'info mtree -f', or 'info memory-devices' for DIMMs and virtio-mem)`,
  );
}
