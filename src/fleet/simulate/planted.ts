import type { Catalogue } from './catalogue.ts';
import type { HostTiles } from './host-tiles.ts';
import { dyingCgroups, type FleetPlan, type SimulatedHost } from './plan.ts';
import { TILE } from './tile.ts';

/** What a ready query must find in a simulated fleet. */
export interface Expectation {
  readonly query: string;
  /** Parameters that suit the size of the hosts. */
  readonly set: Readonly<Record<string, string>>;
  /** Of the rows of the answer only those with these values count. */
  readonly where: Readonly<Record<string, string | number | boolean>>;
  /** The columns that are compared. */
  readonly columns: readonly string[];
  /** Whether these are all rows, or the first. */
  readonly match: 'all' | 'first';
  readonly rows: readonly (readonly (string | number)[])[];
}

/** What was planted, in words and as answers of the ready queries. */
export interface Planted {
  readonly seed: number;
  readonly hosts: number;
  readonly pages_of_host: number;
  readonly dates: readonly string[];
  readonly faults: Readonly<Record<string, unknown>>;
  readonly queries: readonly Expectation[];
}

const LARGEST_REGION = 2 ** 30;
/** A snapshot needs so many predecessors to be a suspect's. */
const LEAK_SNAPSHOTS = 5;
const MOST_PEERS = 5;

/** Tells what was planted. `dates` are those of the snapshots. */
export function plantedIn(
  plan: FleetPlan,
  catalogue: Catalogue,
  tiles: HostTiles,
  dates: readonly string[],
): Planted {
  const { options, hosts, releases, roles } = plan;
  const { leakedCache, scatteredCache, updateClass, outlierClass } = tiles.names;
  const named = (isMeant: (host: SimulatedHost) => boolean): string[] =>
    hosts.filter(isMeant).map((host) => host.name);
  const leaking = hosts.filter((host) => host.leaks);
  const all = { set: {}, where: {}, match: 'all' } as const;
  const leaks = [
    ['class', 'slab'],
    ['slab_cache', leakedCache],
  ] as const;
  const leakingRoles = [...new Set(leaking.map((host) => host.role))];
  const queries: Expectation[] = [
    {
      ...all,
      query: 'growers',
      columns: ['release', 'kind', 'name', 'hosts', 'hosts_grown'],
      rows:
        leaking.length === 0
          ? []
          : leaks.map((leak) => [releases.leaking, ...leak, leaking.length, leaking.length]),
    },
    {
      ...all,
      query: 'leak-suspects',
      set: { snapshots: String(Math.min(LEAK_SNAPSHOTS, options.snapshots)) },
      columns: ['host', 'release', 'kind', 'name'],
      rows: leaking.flatMap((host) => leaks.map((leak) => [host.name, releases.leaking, ...leak])),
    },
    {
      ...all,
      query: 'fragmentation',
      where: { fragmented: true },
      columns: ['host'],
      rows: named((host) => host.isFragmented).map((host) => [host]),
    },
    {
      ...all,
      query: 'huge-page-headroom',
      set: { region: String(regionOf(options.tiles * TILE * catalogue.pageSize)) },
      where: { clearable_regions: 0 },
      columns: ['host'],
      rows: named((host) => host.isFragmented).map((host) => [host]),
    },
    {
      ...all,
      query: 'pinned-blocks',
      match: 'first',
      columns: ['release', 'owner'],
      rows: [...new Set(hosts.filter((host) => host.isFragmented).map((host) => host.newRelease))].map(
        (release) => [release, scatteredCache],
      ),
    },
    {
      ...all,
      query: 'outliers',
      set: { peers: String(Math.min(MOST_PEERS, Math.floor(options.hosts / 8))) },
      columns: ['host', 'kind', 'name'],
      rows: named((host) => host.isOutlier).flatMap((host) => [
        [host, 'class', outlierClass],
        [host, 'class', 'free_buddy'],
      ]),
    },
    {
      ...all,
      query: 'dying-cgroups',
      columns: ['host', 'cgroups', 'more_cgroups'],
      rows: named((host) => host.hasDying).map((host) => {
        const [first, last] = [dyingCgroups(0), dyingCgroups(options.snapshots - 1)];
        return [host, last, last - first];
      }),
    },
    {
      ...all,
      query: 'changes',
      columns: ['role', 'old_release', 'new_release', 'kind', 'name'],
      rows: [
        ...['free_buddy', updateClass].map((name) => [
          roles.updated,
          releases.sound,
          releases.updated,
          'class',
          name,
        ]),
        ...leakingRoles.flatMap((role) =>
          [['class', 'free_buddy'] as const, ...leaks].map((change) => [
            role,
            releases.leaking,
            releases.leaking,
            ...change,
          ]),
        ),
      ],
    },
    {
      ...all,
      query: 'reclaimable',
      columns: ['host'],
      rows: named((host) => host.isReclaimable).map((host) => [host]),
    },
  ];
  return {
    seed: options.seed,
    hosts: options.hosts,
    pages_of_host: options.tiles * TILE,
    dates,
    faults: {
      leak: { release: releases.leaking, slab_cache: leakedCache },
      fragmentation: { role: roles.fragmented, slab_cache: scatteredCache },
      update: {
        role: roles.updated,
        date: dates[plan.update],
        from: releases.sound,
        to: releases.updated,
        class: updateClass,
      },
      outlier: { host: named((host) => host.isOutlier)[0], class: outlierClass },
      dying_cgroups: { hosts: named((host) => host.hasDying) },
      reclaimable: { role: roles.reclaimable },
    },
    queries,
  };
}

/** An eighth of a host's memory, at most 1 GiB. */
function regionOf(memory: number): number {
  return Math.min(LARGEST_REGION, 2 ** Math.floor(Math.log2(memory / 8)));
}
