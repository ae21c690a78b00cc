import { UsageError } from '../core/errors.ts';
import { groupPages } from '../inspector/group-pages.ts';
import { rowObjects } from '../inspector/page-rows.ts';
import { noCounts } from '../scan/scan.ts';
import { defineTable, type TableDefinition, tellGaps } from './table-definition.ts';

const COLUMNS = ['pfn', 'memcg', 'class', 'subclass', 'file', 'pids'] as const;
const MEMCG = {
  name: 'memcg',
  kind: 'name',
  help: 'path of the cgroup; "(dying)" if it was removed',
} as const;

const CLASS = { name: 'class', kind: 'name', help: 'class of the page' } as const;
const SUBCLASS = {
  name: 'subclass',
  kind: 'name',
  mayBeEmpty: true,
  help: 'subclass, if the class has any',
} as const;

/** The memory of a cgroup and its descendants, by purpose. */
export function memcgClasses(path: string): TableDefinition {
  return defineTable({
    name: 'memcg',
    help: 'memory of a cgroup by class of pages',
    columns: [
      MEMCG,
      CLASS,
      SUBCLASS,
      { name: 'pages', kind: 'number', help: 'page frames' },
      { name: 'kib', kind: 'number', help: 'the same in KiB' },
    ],
    *rows(inspector, trouble) {
      const groups = groupPages(inspector, ['memcg', 'class', 'subclass'], { where: 'memcg is not empty' });
      const isAsked = within(path);
      const own = groups.filter(({ values }) => isAsked(values[0]!));
      tellGaps(inspector, trouble);
      if (own.length === 0 && inspector.gaps.length === 0) {
        const known = [...new Set(groups.map(({ values }) => values[0]!))].slice(0, MOST_LISTED);
        throw new UsageError(`no page is charged to the memory cgroup '${path}'; choose ${known.join(', ')}`);
      }
      for (const { values, pages } of own) {
        const [memcg, purpose, subclass] = values as readonly [string, string, string];
        yield {
          memcg,
          class: purpose,
          subclass: subclass === '' ? undefined : subclass,
          pages,
          kib: (pages * inspector.kernel.pageBytes) / 1024,
        };
      }
    },
  });
}

/** Every page that keeps a removed cgroup in memory. */
export const dyingMemcgs: TableDefinition = defineTable({
  name: 'dying',
  help: 'pages that keep removed memory cgroups in memory',
  columns: [
    MEMCG,
    { name: 'pfn', kind: 'number', help: 'page frame' },
    CLASS,
    SUBCLASS,
    { name: 'file', kind: 'name', mayBeEmpty: true, help: 'file that it caches' },
    { name: 'pids', kind: 'name', mayBeEmpty: true, help: 'processes that map it' },
  ],
  *rows(inspector, trouble) {
    const where = "memcg like '*(dying)'";
    for (const rows of inspector.selectSync({ columns: COLUMNS, where }, noCounts())) {
      for (const { pfn, memcg, class: purpose, subclass, file, pids } of rowObjects(rows)) {
        yield { memcg: memcg!, pfn: pfn!, class: purpose!, subclass, file, pids };
      }
    }
    tellGaps(inspector, trouble);
  },
});

/** Memory cgroups as a tree, each with its own charge and the total of its subtree. */
export const memcgTree: TableDefinition = defineTable({
  name: 'memcg_tree',
  help: 'memory cgroups by path, each with the sum of those below it',
  columns: [
    MEMCG,
    { name: 'kib', kind: 'number', help: 'memory charged to it, in KiB' },
    { name: 'total', kind: 'number', help: 'memory charged to it and to those below it, in KiB' },
  ],
  *rows(inspector, trouble) {
    const kib = inspector.kernel.pageBytes / 1024;
    const own = new Map<string, number>();
    const total = new Map<string, number>();
    const add = (sums: Map<string, number>, path: string, pages: number): void => {
      sums.set(path, (sums.get(path) ?? 0) + pages);
    };
    for (const { values, pages } of groupPages(inspector, ['memcg'], { where: 'memcg is not empty' })) {
      const [memcg] = values as readonly [string];
      add(own, memcg, pages);
      for (const path of [memcg, ...pathsAbove(memcg)]) add(total, path, pages);
    }
    tellGaps(inspector, trouble);
    for (const memcg of [...total.keys()].sort()) {
      yield { memcg, kib: (own.get(memcg) ?? 0) * kib, total: total.get(memcg)! * kib };
    }
  },
});

/** The cgroups above one, nearest first. */
function pathsAbove(memcg: string): string[] {
  const plain = memcg.replace(/ \(dying\)$/, '');
  const parts = plain.split('/').slice(1);
  if (plain === '/') return [];
  return parts.map((_, i) => `/${parts.slice(0, parts.length - 1 - i).join('/')}`);
}

const MOST_LISTED = 20;

/** Whether a cgroup has a path, or is below it. */
function within(path: string): (memcg: string) => boolean {
  const top = path.replace(/\/+$/, '');
  return (memcg) => {
    const plain = memcg.replace(/ \(dying\)$/, '');
    return plain === path || plain === top || memcg === path || plain.startsWith(`${top}/`);
  };
}
