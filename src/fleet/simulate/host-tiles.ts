import type { Catalogue } from './catalogue.ts';
import { type FleetPlan, ROLES, type SimulatedHost, sharesOf } from './plan.ts';
import { Random } from './random.ts';
import { Templates } from './templates.ts';
import type { Tile } from './tile.ts';

/** Names of what is planted. */
export interface PlantedNames {
  readonly leakedCache: string;
  readonly scatteredCache: string;
  readonly updateClass: string;
  readonly outlierClass: string;
}

/** Puts together the tiles of hosts. */
export class HostTiles {
  readonly names: PlantedNames;
  readonly #plan: FleetPlan;
  readonly #kernel: readonly Tile[];
  /** Memory of processes by role, charged to the role's service. */
  readonly #user: ReadonlyMap<string, readonly Tile[]>;
  /** The tiles charged to dying cgroups, by the tile that they are copies of and the number of the cgroup. */
  readonly #dying: Map<Tile, Tile[]> = new Map();
  readonly #templates: Templates;
  readonly #made: Readonly<
    Record<'free' | 'file' | 'leak' | 'update' | 'outlier' | 'scattered' | 'pinned', Tile>
  >;

  constructor(catalogue: Catalogue, plan: FleetPlan) {
    this.#plan = plan;
    const templates = new Templates(catalogue);
    this.#templates = templates;
    const random = new Random(plan.options.seed, 1);
    const scatteredCache = random.pick(templates.caches(true).slice(0, 5));
    const leakedCache = random.pick(
      templates
        .caches()
        .filter((cache) => cache !== scatteredCache)
        .slice(0, 8),
    );
    const updateClass = templates.firstClass(['page_table', 'vmalloc', 'kernel_stack', 'memmap']);
    const outlierClass = templates.firstClass(['hugetlb', 'vmalloc', 'trace_buffer', 'unknown']);
    this.names = { leakedCache, scatteredCache, updateClass, outlierClass };
    this.#made = {
      free: templates.free(),
      file: templates.file(),
      leak: templates.slab(leakedCache),
      update: templates.ofClass(updateClass),
      outlier: templates.ofClass(outlierClass),
      scattered: templates.scattered(scatteredCache),
      pinned: templates.charged(templates.pinned(scatteredCache), serviceOf(plan.roles.fragmented)),
    };
    this.#kernel = catalogue.kernel;
    const user = usersOf(catalogue, templates);
    this.#user = new Map(
      ROLES.map((role) => [role, user.map((tile) => templates.charged(tile, serviceOf(role)))]),
    );
  }

  /** The tiles of a host at a snapshot, in order of pfn. What cannot be moved is lowest, as the kernel tries to have it. */
  of(host: SimulatedHost, snapshot: number): Tile[] {
    const { options } = this.#plan;
    const shares = sharesOf(this.#plan, host, snapshot);
    const { free, file, leak, update, outlier, scattered, pinned } = this.#made;
    const random = new Random(options.seed, host.index, 1);
    const times = (count: number, tile: Tile): Tile[] => new Array<Tile>(count).fill(tile);
    const kernel = random.shuffled(cycled(this.#kernel, shares.kernel));
    const user = host.isFragmented
      ? times(shares.user, pinned)
      : random.shuffled(cycled(this.#user.get(host.role)!, shares.user));
    const tiles = [
      ...kernel,
      ...times(shares.leak, leak),
      ...times(shares.update, update),
      ...times(shares.outlier, outlier),
      ...this.#withDying(user, shares.dying),
      ...times(shares.file, file),
    ];
    return [...tiles, ...times(options.tiles - tiles.length, host.isFragmented ? scattered : free)];
  }

  #withDying(user: readonly Tile[], count: number): Tile[] {
    return user.map((tile, i) => (i < count ? this.#dyingTile(tile, i) : tile));
  }

  #dyingTile(tile: Tile, cgroup: number): Tile {
    const copies = this.#dying.get(tile) ?? [];
    this.#dying.set(tile, copies);
    copies[cgroup] ??= this.#templates.charged(tile, dyingName(cgroup));
    return copies[cgroup];
  }
}

function serviceOf(role: string): string {
  return `/system.slice/${role}.service`;
}

/** The name of a cgroup that died. */
export function dyingName(cgroup: number): string {
  return `/batch.slice/job-${cgroup + 1}.scope (dying)`;
}

function cycled(tiles: readonly Tile[], count: number): Tile[] {
  return Array.from({ length: count }, (_, i) => tiles[i % tiles.length]!);
}

/** Tiles of memory of processes with little page cache and few free pages, or made ones if the captures have none. */
function usersOf({ user, dictionary }: Catalogue, templates: Templates): readonly Tile[] {
  const most = 256;
  const few = (tile: Tile, name: string): boolean =>
    (tile.counts.classes.get(dictionary.names.class.indexOf(name)) ?? 0) < most;
  const found = user.filter((tile) => few(tile, 'file') && few(tile, 'free_buddy'));
  return found.length > 0 ? found : [templates.anon()];
}
