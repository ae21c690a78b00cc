/** /proc/zoneinfo of a zone. */
export interface ZoneInfoData {
  readonly node: number;
  readonly zone: string;
  /** Counters of the node, with its first zone. */
  readonly perNode: Readonly<Record<string, number>> | null;
  /** Watermarks, sizes and counters by name; `free` is "pages free". */
  readonly values: Readonly<Record<string, number>>;
  readonly protection: readonly number[];
  readonly cpus: readonly Readonly<Record<string, number>>[];
}

/** Free blocks of each order, in /proc/buddyinfo. */
export interface BuddyInfoData {
  readonly node: number;
  readonly zone: string;
  readonly free: readonly number[];
}

/** /proc/pagetypeinfo */
export interface PageTypeInfoData {
  readonly pageblockOrder: number;
  readonly pagesPerBlock: number;
  /** Free blocks of each order. The kernel counts no further than 100,000. */
  readonly free: readonly (BuddyInfoData & { readonly type: string })[];
  /** Pageblocks of each type. */
  readonly pageblocks: readonly {
    readonly node: number;
    readonly zone: string;
    readonly types: Readonly<Record<string, number>>;
  }[];
}

/** Numbers by name, one a line: /proc/meminfo and /proc/vmstat. */
export function parseCounters(text: string): Record<string, number> {
  return Object.fromEntries(
    [...text.matchAll(/^(\S+?):? +(\d+)/gm)].map(([, name, value]) => [name!, Number(value)]),
  );
}

/** The rows of /proc/slabinfo: the name of a cache and numbers, by the names in its heading. */
export function parseSlabInfo(text: string): Record<string, string | number>[] {
  const lines = text.split('\n').filter((line) => line !== '');
  const heading = lines.find((line) => line.startsWith('#')) ?? '';
  const names = [...heading.matchAll(/<(\w+)>/g)].map((m) => m[1]!);
  return lines
    .filter((line) => !/^(#|slabinfo - )/.test(line))
    .map((line) => {
      const [, name = '', rest = ''] = /^(.*?)((?: +\d+){5} : .*)$/.exec(line) ?? [];
      const numbers = rest.match(/\d+/g) ?? [];
      return { name, ...Object.fromEntries(names.map((key, i) => [key, Number(numbers[i])])) };
    });
}

/** /proc/buddyinfo by zone. */
export function parseBuddyInfo(text: string): BuddyInfoData[] {
  return [...text.matchAll(/^Node (\d+), zone +(\S+) +(.*)$/gm)].map(([, node, zone, free]) => ({
    node: Number(node),
    zone: zone!,
    free: numbersIn(free!),
  }));
}

/** /proc/pagetypeinfo as data. */
export function parsePageTypeInfo(text: string): PageTypeInfoData {
  const [, order] = /^Page block order: (\d+)/m.exec(text) ?? [];
  const [, pages] = /^Pages per block: +(\d+)/m.exec(text) ?? [];
  const [lists = '', blocks = ''] = text.split(/^Number of blocks type/m);
  const types = blocks.split('\n', 1)[0]!.trim().split(/ +/);
  return {
    pageblockOrder: Number(order),
    pagesPerBlock: Number(pages),
    free: [...lists.matchAll(/^Node +(\d+), zone +(\S+), type +(\S+) +(.*)$/gm)].map(
      ([, node, zone, type, free]) => ({
        node: Number(node),
        zone: zone!,
        type: type!,
        free: numbersIn(free!),
      }),
    ),
    pageblocks: parseBuddyInfo(blocks).map(({ node, zone, free }) => ({
      node,
      zone,
      types: Object.fromEntries(types.map((type, i) => [type, free[i]!])),
    })),
  };
}

/** /proc/zoneinfo by zone. */
export function parseZoneInfo(text: string): ZoneInfoData[] {
  return text
    .split(/^(?=Node \d+, zone )/m)
    .filter((part) => part !== '')
    .map((part) => {
      const [, node, zone] = /^Node (\d+), zone +(\S+)/.exec(part)!;
      const [head = '', ...rest] = part.split(/^ {2}pages /m);
      const [counters = '', sets = ''] = rest.join('').split(/^ {2}pagesets$/m);
      const [last = '', ...cpus] = reversed(sets);
      return {
        node: Number(node),
        zone: zone!,
        perNode: head.includes('per-node stats') ? named(head.replace(/^.*\n.*\n/, '')) : null,
        values: { ...named(counters), ...named(last) },
        protection: numbersIn(/protection: \((.*)\)/.exec(counters)?.[1] ?? ''),
        cpus: cpus.map(named),
      };
    });
}

/** The lines after those of the CPUs, then the part of each CPU. */
function reversed(sets: string): string[] {
  const parts = sets.split(/^(?= {4}cpu: )/m);
  const tail = /^ {2}(?!vm stats)\S.*\n?/gm;
  return [(sets.match(tail) ?? []).join(''), ...parts.slice(1).map((part) => part.replace(tail, ''))];
}

/** Lines of a name and a number, with a colon between them or not. */
function named(text: string): Record<string, number> {
  return Object.fromEntries(
    [...text.matchAll(/^ *(\w[\w ]*?):? +(\d+)$/gm)].map(([, name, value]) => [name!, Number(value)]),
  );
}

function numbersIn(text: string): number[] {
  return (text.match(/\d+/g) ?? []).map(Number);
}
