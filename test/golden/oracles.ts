import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const FIXTURES = new URL('../fixtures/', import.meta.url);

/** The real kernels whose captures the tests ship, and where each capture is. */
export const GUESTS: readonly { readonly name: string; readonly capture: string }[] = [
  { name: 'x86_64-5.10.0-32-cloud', capture: new URL('x86_64-5.10.0-32-cloud.elf.gz', FIXTURES).pathname },
  {
    name: 'x86_64-6.12.107-cloud',
    capture: new URL('../../examples/sample.elf.gz', import.meta.url).pathname,
  },
  { name: 'x86_64-7.2.13-cloud', capture: new URL('x86_64-7.2.13-cloud.elf.gz', FIXTURES).pathname },
  // of these drgn was not asked for orders and slab caches
  ...['arm64-4k-6.12', 's390x-6.12', 'ppc64le-64k-6.12'].map((name) => ({
    name,
    capture: new URL(`${name}.elf.zst`, FIXTURES).pathname,
  })),
];

/** Text of a fixture, decompressed. */
export function fixture(name: string): string {
  const bytes = readFileSync(new URL(name, FIXTURES));
  return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('latin1');
}

/** What drgn, with full debuginfo, says of a page. */
export interface DrgnPage {
  readonly pfn: number;
  readonly page: string;
  readonly flags: string;
  readonly refcount: string;
  readonly mapcount: string;
  readonly head: number;
  readonly order: string | undefined;
  readonly mapping: string;
  readonly cache: string | undefined;
}

/** drgn's reading of every struct page of a guest. */
export function drgnPages(guest: string): DrgnPage[] {
  return fixture(`${guest}.drgn.txt.gz`)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [pfn, page, flags, refcount, mapcount, head, order, mapping, cache] = line.split(' ') as [
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
      ];
      return {
        pfn: Number.parseInt(pfn, 16),
        page: `0x${page}`,
        flags: `0x${flags}`,
        refcount,
        mapcount,
        head: Number.parseInt(head, 16),
        order: order === '?' ? undefined : order,
        mapping: `0x${mapping}`,
        cache: cache === '-' ? '' : cache === '?' ? undefined : cache,
      };
    });
}

/** The zones as the guest's own /proc/zoneinfo has them. */
export function zoneSpans(guest: string): { node: number; zone: string; start: number; end: number }[] {
  const zones: { node: number; zone: string; start: number; end: number; spanned: number }[] = [];
  for (const line of fixture(`${guest}.zoneinfo`).split('\n')) {
    const zone = /^Node (\d+), zone +(\S+)/.exec(line);
    if (zone) zones.push({ node: Number(zone[1]), zone: zone[2]!, start: 0, end: 0, spanned: 0 });
    const last = zones.at(-1);
    const spanned = /^ +spanned +(\d+)/.exec(line);
    if (last && spanned) last.spanned = Number(spanned[1]);
    const start = /^ +start_pfn: +(\d+)/.exec(line);
    if (last && start) {
      last.start = Number(start[1]);
      last.end = last.start + last.spanned;
    }
  }
  return zones.filter((z) => z.end > z.start);
}
