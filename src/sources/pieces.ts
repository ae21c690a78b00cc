import { SMALLEST_PAGE } from '../core/address.ts';
import type { ByteSource } from '../core/bytes.ts';
import { locate, type Range } from '../core/ranges.ts';
import { sweep } from './extents.ts';
import type { Missing, PhysicalMemory, PhysicalRun } from './image-format.ts';

/** A range of physical memory that is stored unchanged in a file, or that is missing for a known reason. */
export interface Piece extends Range {
  /** Place of byte `start` in the source; undefined for a missing piece. */
  readonly offset?: number;
  /** The source, if an image has several. */
  readonly source?: ByteSource;
  readonly missing?: Missing;
}

function cut(piece: Piece, range: Range): Piece {
  return piece.offset === undefined
    ? { ...piece, ...range }
    : { ...piece, ...range, offset: piece.offset + (range.start - piece.start) };
}

/**
 * Physical memory made of plain ranges of a file. Where pieces overlap, a present one wins over a missing one, then the
 * earlier in the list. What would be after the end of the source is `truncated`.
 */
export function piecesMemory(source: ByteSource, pieces: readonly Piece[]): PhysicalMemory {
  const clipped = pieces.flatMap((piece): Piece[] => {
    if (piece.offset === undefined) return [piece];
    const there = Math.max(0, (piece.source ?? source).byteLength - piece.offset);
    const end = Math.min(piece.end, piece.start + there);
    if (end >= piece.end) return [piece];
    const lost: Piece = { start: Math.max(end, piece.start), end: piece.end, missing: 'truncated' };
    return end > piece.start ? [{ ...piece, end }, lost] : [lost];
  });
  const present = clipped.filter((p) => p.offset !== undefined);
  const missing = clipped.filter((p) => p.offset === undefined);
  const laid = layOut([...present, ...missing]);
  const runs = joinRuns(laid);
  const one = new Uint8Array(1);
  let last = 0;

  function find(address: number): Piece | undefined {
    const hit = laid[last];
    if (hit && address >= hit.start && address < hit.end) return hit;
    const index = locate(laid, address);
    const piece = laid[index];
    if (!piece || piece.start > address) return undefined;
    last = index;
    return piece;
  }

  return {
    runs,
    readInto(address, target) {
      let done = 0;
      while (done < target.length) {
        const at = address + done;
        const piece = find(at);
        if (piece?.offset === undefined) break;
        const want = Math.min(target.length - done, piece.end - at);
        const part = want === target.length ? target : target.subarray(done, done + want);
        const got = (piece.source ?? source).readInto(piece.offset + (at - piece.start), part);
        done += got;
        if (got < want) break;
      }
      return done;
    },
    runAt(address) {
      const run = runAt(runs, address);
      if (run.state !== 'present') return run;
      const piece = find(address)!;
      const from = piece.source ?? source;
      const offset = piece.offset! + (address - piece.start);
      if (from.readInto(offset, one) === 1) return run;
      // its extent is unknown: assume the end of the page
      const end = Math.min(run.end, (Math.floor(address / SMALLEST_PAGE) + 1) * SMALLEST_PAGE);
      const why = `${from.name} gives nothing at offset ${offset}`;
      return { start: address, end, state: 'partial' in from ? 'truncated' : 'unreadable', why };
    },
  };
}

/** Cuts pieces so that none overlap; an earlier one wins. */
function layOut(pieces: readonly Piece[]): Piece[] {
  const sorted = pieces.filter((p) => p.end > p.start).reverse();
  const starts = Float64Array.from(sorted, (p) => p.start);
  const ends = Float64Array.from(sorted, (p) => p.end);
  const out: Piece[] = [];
  sweep(sorted.length, starts, ends, (start, end, winner) => {
    out.push(cut(sorted[winner]!, { start, end }));
  });
  return out;
}

/** Joins adjacent pieces in the same state to one run. */
function joinRuns(pieces: readonly Piece[]): PhysicalRun[] {
  const runs: { start: number; end: number; state: PhysicalRun['state'] }[] = [];
  for (const piece of pieces) {
    const state = piece.missing ?? 'present';
    const last = runs.at(-1);
    if (last && last.end === piece.start && last.state === state) last.end = piece.end;
    else runs.push({ start: piece.start, end: piece.end, state });
  }
  return runs;
}

/** The run that contains an address; makes up a hole if the list has none. */
export function runAt(runs: readonly PhysicalRun[], address: number): PhysicalRun {
  const index = locate(runs, address);
  const run = runs[index];
  if (run && run.start <= address) return run;
  const start = index > 0 ? runs[index - 1]!.end : 0;
  return { start, end: run ? run.start : Infinity, state: 'hole' };
}
