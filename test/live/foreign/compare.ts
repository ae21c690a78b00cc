import type { Inspector } from '../../../src/index.ts';
import type { Answers } from './boot.ts';

/** How far what structpage says of a dump is what the guest's kernel said. */
export interface Comparison {
  readonly what: string;
  readonly total: number;
  readonly different: readonly string[];
}

const PRESENT = 1n << 63n;
const SWAPPED = 1n << 62n;
const FRAME = (1n << 55n) - 1n;

/** A Comparison that is made item by item. */
class Tally implements Comparison {
  readonly what: string;
  readonly different: string[] = [];
  total = 0;

  constructor(what: string) {
    this.what = what;
  }

  hold(name: string, ours: unknown, theirs: unknown): void {
    this.total++;
    if (String(ours) !== String(theirs)) this.different.push(`${name}: ${ours}, its kernel says ${theirs}`);
  }
}

/** KPF_ZERO_PAGE of include/uapi/linux/kernel-page-flags.h. */
export const ZERO_PAGE: bigint = 1n << 24n;

/** kpageflags, but for the bits to `ignore`, and kpagecount of every page. */
export function comparePages(inspector: Inspector, { words }: Answers, ignore = 0n): Comparison {
  const flags = words.get('kpageflags')!;
  const counts = words.get('kpagecount')!;
  const tally = new Tally('pages');
  for (const { batch, rows } of inspector.selectSync({ columns: ['kpageflags', 'kpagecount'] })) {
    const { low, high } = batch.columns.get('kpageflags')! as { low: Uint32Array; high: Uint32Array };
    const { values } = batch.columns.get('kpagecount')! as { values: Uint32Array };
    for (const row of rows) {
      const pfn = batch.start + row;
      const word = ((BigInt(high[row]!) << 32n) | BigInt(low[row]!)) & ~ignore;
      const theirs = (flags[pfn] ?? 0n) & ~ignore;
      tally.hold(
        `pfn ${pfn}`,
        `${word.toString(16)} ${values[row]}`,
        `${theirs.toString(16)} ${counts[pfn]}`,
      );
    }
  }
  return tally;
}

/** Rows of a CSV by the names of its columns. */
function rowsOf(csv: string): Record<string, string>[] {
  const [head, ...lines] = csv.trim().split('\n');
  const names = head!.split(',');
  return lines.map((line) => {
    const cells = line.split(',');
    return Object.fromEntries(names.map((name, i) => [name, cells[i] ?? '']));
  });
}

/** The process that asks: it grew after it had found out which addresses it has. */
const ASKER = '1';

/** Every page of every other process, by the CSV of `structpage mappings`. */
export function compareMappings(csv: string, { words, ranges }: Answers, pageBytes: number): Comparison {
  const tally = new Tally('mappings');
  const ours = new Map<string, string>();
  for (const { pid, vaddr, pfn } of rowsOf(csv)) if (pid !== ASKER) ours.set(`${pid} ${vaddr}`, pfn!);
  for (const [name, list] of ranges) {
    if (name.startsWith(`${ASKER}/`)) continue;
    const entries = words.get(name)!;
    let at = 0;
    for (const { start, count } of list) {
      for (let i = 0; i < count; i++) {
        const entry = entries[at++]!;
        const key = `${name.split('/')[0]} 0x${((start + i) * pageBytes).toString(16)}`;
        const mapped = ours.get(key);
        ours.delete(key);
        if ((entry & PRESENT) !== 0n || mapped !== undefined)
          tally.hold(key, mapped, (entry & PRESENT) !== 0n ? entry & FRAME : undefined);
      }
    }
  }
  for (const [key, pfn] of ours) tally.hold(key, pfn, undefined);
  return tally;
}

/** RSS, PSS and swap of every process in KiB, by the CSV of `structpage owners --by process`. */
export function compareProcesses(csv: string, { words, texts }: Answers, pageBytes: number): Comparison {
  const tally = new Tally('processes');
  const rows = new Map(rowsOf(csv).map((row) => [row.pid!, row]));
  for (const [name, text] of texts) {
    const pid = /^(\d+)\/smaps_rollup$/.exec(name)?.[1];
    if (!pid) continue;
    const row = rows.get(pid);
    for (const what of ['Rss', 'Pss', 'Swap']) {
      const theirs = Number(new RegExp(`^${what}:\\s+(\\d+)`, 'm').exec(text)![1]);
      const ours = Number(row?.[what.toLowerCase()] || 0);
      // shares are divided in another order
      const slack = what === 'Pss' ? Math.max(theirs * 0.01, 4) : 0;
      tally.hold(`${what} of ${pid}`, Math.abs(ours - theirs) <= slack ? theirs : ours, theirs);
    }
    const swapped = words.get(`${pid}/pagemap`)!.filter((entry) => (entry & SWAPPED) !== 0n).length;
    tally.hold(`swapped pages of ${pid}`, (Number(row?.swap || 0) * 1024) / pageBytes, swapped);
  }
  return tally;
}

/** Whether pages are charged to the same cgroup: paths on our side, inodes on the kernel's. */
export async function compareCgroups(inspector: Inspector, { words }: Answers): Promise<Comparison> {
  const tally = new Tally('cgroups');
  const inodes = words.get('kpagecgroup');
  if (!inodes || !inspector.columns.includes('memcg')) return tally;
  const pathOf = new Map<bigint, string>([[0n, '']]);
  for await (const { pfn, memcg } of inspector.rows({ columns: ['pfn', 'memcg'] })) {
    const inode = inodes[pfn!] ?? 0n;
    if (!pathOf.has(inode)) pathOf.set(inode, memcg ?? '');
    tally.hold(`pfn ${pfn}`, memcg ?? '', pathOf.get(inode));
  }
  return tally;
}
