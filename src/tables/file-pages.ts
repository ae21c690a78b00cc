import type { Pfn } from '../core/address.ts';
import { UsageError } from '../core/errors.ts';
import type { Inspector } from '../inspector/inspector.ts';
import { rowObjects } from '../inspector/page-rows.ts';
import { noCounts } from '../scan/scan.ts';
import { defineTable, type TableDefinition, type Trouble, tellGaps } from './table-definition.ts';

const COLUMNS = ['pfn', 'head', 'order', 'index', 'flags', 'type', 'file', 'inode', 'memcg', 'pids'] as const;

/** A page that caches a part of a file. */
interface CachedPage {
  readonly file: string;
  readonly inode: number;
  readonly page: number;
  readonly pfn: Pfn;
  readonly order: number;
  /** `clean`, `dirty`, or `writeback` during writeback. */
  readonly state: string;
  readonly memcg: string | undefined;
  readonly pids: string | undefined;
}

const NAME = { name: 'file', kind: 'name', help: 'a name of the file' } as const;
const INODE = { name: 'inode', kind: 'number', help: 'inode number' } as const;
const PIDS = { name: 'pids', kind: 'name', mayBeEmpty: true, help: 'processes that map it' } as const;

/** The pages that cache a file, in file order. */
export function filePages(path: string): TableDefinition {
  return defineTable({
    name: 'file',
    help: 'pages that cache a file',
    columns: [
      NAME,
      INODE,
      { name: 'page', kind: 'number', help: 'page of the file, from 0' },
      { name: 'pfn', kind: 'number', help: 'page frame' },
      { name: 'order', kind: 'number', help: 'order of its folio', numbers: 'uint8' },
      { name: 'state', kind: 'name', help: 'clean, dirty, or writeback' },
      { name: 'memcg', kind: 'name', mayBeEmpty: true, help: 'memory cgroup that it is charged to' },
      PIDS,
    ],
    rows: (inspector, trouble) => cachedPages(inspector, path, trouble),
  });
}

/** The same, summed up. */
export function fileRollup(path: string): TableDefinition {
  return defineTable({
    name: 'file_rollup',
    help: 'memory that caches a file',
    columns: [
      NAME,
      INODE,
      { name: 'pages', kind: 'number', help: 'pages that cache it' },
      { name: 'kib', kind: 'number', help: 'the same in KiB' },
      { name: 'dirty', kind: 'number', help: 'pages that are dirty or under writeback' },
      { name: 'mapped', kind: 'number', help: 'pages that a process maps' },
      PIDS,
    ],
    *rows(inspector, trouble) {
      const byInode = new Map<number, CachedPage[]>();
      for (const page of cachedPages(inspector, path, trouble)) {
        const known = byInode.get(page.inode);
        if (known) known.push(page);
        else byInode.set(page.inode, [page]);
      }
      for (const [inode, pages] of byInode) {
        const pids = new Set(pages.flatMap((p) => p.pids?.split(',') ?? []));
        yield {
          file: pages[0]!.file,
          inode,
          pages: pages.length,
          kib: (pages.length * inspector.kernel.pageBytes) / 1024,
          dirty: pages.filter((p) => p.state !== 'clean').length,
          mapped: pages.filter((p) => p.pids !== undefined).length,
          pids: pids.size === 0 ? undefined : [...pids].join(),
        };
      }
    },
  });
}

/** Throws UsageError if no page caches a file of that name. */
function cachedPages(inspector: Inspector, path: string, trouble: Trouble): CachedPage[] {
  const { owners } = inspector;
  const found: CachedPage[] = [];
  const isAsked: boolean[] = [];
  // until 6.6 pages of hugetlb were numbered by huge pages (mm/hugetlb.c)
  const countsHuge = inspector.objects.findSymbol('linear_hugepage_index') !== undefined;
  const where = 'mapping_kind == file';
  /** The folio of the last page, and its first page in the file. */
  let folio: Pfn = -1;
  let first = 0;
  for (const { batch, rows } of inspector.selectSync({ columns: COLUMNS, where }, noCounts())) {
    const { codes } = batch.columns.get('file');
    const asked = rows.filter((row) => {
      const code = codes[row]!;
      isAsked[code] ??= isCalled(owners.namesOf(code), path);
      return isAsked[code];
    });
    for (const row of rowObjects({ batch, rows: asked })) {
      const { pfn, head, order, index, flags, type, file, inode, memcg, pids } = row;
      if (head !== folio) first = head === pfn ? Number(index) : indexOf(inspector, head!);
      folio = head!;
      const step = type === 'hugetlb' && countsHuge ? 2 ** order! : 1;
      found.push({
        file: file!,
        inode: inode!,
        page: first * step + (pfn! - head!),
        pfn: pfn!,
        order: order!,
        state: flags!.includes('writeback') ? 'writeback' : flags!.includes('dirty') ? 'dirty' : 'clean',
        memcg,
        pids,
      });
    }
  }
  tellGaps(inspector, trouble);
  if (found.length === 0 && inspector.gaps.length === 0) {
    throw new UsageError(
      `no page caches the file '${path}'; 'structpage owners --by file' lists the files in the page cache`,
    );
  }
  return found.sort((a, b) => a.inode - b.inode || a.page - b.page);
}

/** The word `index` of the head of a folio. */
function indexOf({ reader, layout }: Inspector, head: Pfn): number {
  const { bytes, states } = reader.read(head, 1);
  if (states[0] !== 0) return 0;
  return Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(layout.offsets.index, true));
}

/** Names of deleted files, and names without a path, match with or without the kernel's additions. */
function isCalled(names: readonly string[], path: string): boolean {
  const plain = (name: string): string => name.replace(/ \(deleted\)$/, '').replace(/^\//, '');
  return names.some((name) => name === path || plain(name) === plain(path));
}
