import type { Pfn } from '../core/address.ts';
import { FaultError, readOr } from '../core/errors.ts';
import { kpageflagNames } from '../decode/kpageflags.ts';
import { memoryOf, recordOffset } from '../layout/record.ts';
import { memberOf } from '../layout/wanted.ts';
import { cellTexts } from '../table/cells.ts';
import { ownersOfPage } from './explain-owners.ts';
import { referencesOfPage } from './explain-references.ts';
import type { Inspector } from './inspector.ts';
import { type PageWord, pageWords } from './page-words.ts';

/** A folio of several pages, with the counts that the kernel keeps in its head and first tails. */
export interface FolioReport {
  /** Pfn of its head. */
  readonly head: Pfn;
  readonly order: number;
  readonly pages: number;
  /** Index of the page in the folio; 0 is the head. */
  readonly index: number;
  /** Flags of the head, separated by |. */
  readonly flags: string;
  /** Members of struct folio as stored in memory: `_entire_mapcount` and `_large_mapcount` start at -1. */
  readonly counts: Readonly<Record<string, number>>;
}

/** Everything known about a page. */
export interface PageReport {
  readonly pfn: Pfn;
  /** The text of every column; empty for an empty value. */
  readonly columns: Readonly<Record<string, string>>;
  /** Columns whose memory the dump lacks, with the reasons. */
  readonly unavailable: Readonly<Record<string, string>>;
  /** Names of the bits in the column `kpageflags`. */
  readonly kpageflags: readonly string[];
  /** Undefined for a single page. */
  readonly folio: FolioReport | undefined;
  /** The struct page in memory. */
  readonly words: readonly PageWord[];
  /** How the page leads to its owners, a line for each way, pointer by pointer. */
  readonly owners: readonly string[];
  /** What holds the references of its folio, a line for each holder after a line that sums up. */
  readonly references: readonly string[];
}

/** Columns of the head that lead to owners. */
const OWNERS = ['mapping', 'mapping_kind', 'file', 'memcg_data', 'memcg', 'index', 'private'];
const COUNTS = ['_entire_mapcount', '_large_mapcount', '_nr_pages_mapped', '_pincount'];

/** Describes one page in full. Throws FaultError if its struct page cannot be read. */
export function explainPage(inspector: Inspector, pfn: Pfn): PageReport {
  const { columns, unavailable } = availableCells(inspector, pfn);
  const { state } = columns;
  if (state !== 'ok') {
    throw new FaultError({
      address: inspector.model.addressOf(pfn) ?? 0n,
      space: 'virtual',
      reason: state as 'excluded',
      what: `the struct page of pfn ${pfn}`,
    });
  }
  const order = Number(columns.order || 0);
  const head = Number(columns.head);
  const index = pfn - head;
  const use = { type: columns.type ?? '', index, pages: 2 ** order };
  const raw = inspector.reader.read(pfn, 1);
  const { architecture } = inspector.kernel;
  const ofHead = head === pfn ? columns : cellsOf(inspector, head, OWNERS);
  return {
    pfn,
    columns,
    unavailable,
    kpageflags: kpageflagNames(BigInt(columns.kpageflags || 0)),
    folio: order === 0 && index === 0 ? undefined : folioOf(inspector, pfn, head, order),
    owners: ownersOfPage(inspector, pfn, ofHead),
    references: readOr([], () => referencesOfPage(inspector, head, 2 ** order, ofHead)),
    words: pageWords(memoryOf(raw.bytes, architecture), inspector.types, use, architecture),
  };
}

/** All columns that are available. Some need more than the struct page, which a filtered dump may lack. */
function availableCells(inspector: Inspector, pfn: Pfn): Pick<PageReport, 'columns' | 'unavailable'> {
  try {
    return { columns: cellsOf(inspector, pfn, inspector.columns), unavailable: {} };
  } catch (error) {
    if (!(error instanceof FaultError)) throw error;
  }
  const columns: Record<string, string> = {};
  const unavailable: Record<string, string> = {};
  for (const name of inspector.columns) {
    try {
      columns[name] = cellsOf(inspector, pfn, [name])[name]!;
    } catch (error) {
      if (!(error instanceof FaultError)) throw error;
      unavailable[name] = error.message;
    }
  }
  return { columns, unavailable };
}

function cellsOf(inspector: Inspector, pfn: Pfn, names: readonly string[]): Record<string, string> {
  const pfns = [{ start: pfn, end: pfn + 1 }];
  for (const { batch, rows } of inspector.selectSync({ columns: [...new Set([...names, 'state'])], pfns })) {
    const page = rows[0];
    if (page === undefined) continue;
    const columns = [...batch.columns.keys()];
    const cells = cellTexts(batch, columns);
    return Object.fromEntries(columns.map((name, i) => [name, cells[i]!(page)]));
  }
  return { state: 'absent' };
}

function folioOf(inspector: Inspector, pfn: Pfn, head: Pfn, order: number): FolioReport {
  const pages = 2 ** order;
  const raw = inspector.reader.read(head, Math.min(pages, 4));
  const view = new DataView(raw.bytes.buffer, raw.bytes.byteOffset, raw.bytes.byteLength);
  const counts: Record<string, number> = {};
  for (const name of COUNTS) {
    const member = memberOf(inspector.types, 'folio', name);
    if (member?.size !== 4) continue;
    const at = recordOffset(member.offset, 4, inspector.kernel.architecture);
    if (at + 4 > view.byteLength) continue;
    // a page of the folio may be missing from a dump
    if (raw.states[Math.floor(member.offset / inspector.model.pageSize)] !== 0) continue;
    counts[member.path] = view.getInt32(at, true);
  }
  const { flags = '' } = cellsOf(inspector, head, ['flags']);
  return { head, order, pages, index: pfn - head, flags, counts };
}
