import { Random } from './random.ts';

/** What a simulation is asked for. */
export interface SimulateOptions {
  readonly hosts: number;
  readonly seed: number;
  /** Pages of each host, in tiles. */
  readonly tiles: number;
  /** Snapshots of each host, a day apart. */
  readonly snapshots: number;
  /** Midnight UTC of the first snapshot's day, in milliseconds since 1970. */
  readonly start: number;
}

/** A host of a simulated fleet. */
export interface SimulatedHost {
  readonly name: string;
  readonly index: number;
  readonly role: string;
  /** Whether its kernel leaks. */
  readonly leaks: boolean;
  readonly isFragmented: boolean;
  /** Whether it gets the new release in the middle of the simulation. */
  readonly isUpdated: boolean;
  readonly isOutlier: boolean;
  readonly isReclaimable: boolean;
  /** Whether cgroups die on it. */
  readonly hasDying: boolean;
  readonly oldRelease: string;
  readonly newRelease: string;
}

/** The faults of a fleet and the hosts that have them. */
export interface FleetPlan {
  readonly options: SimulateOptions;
  readonly hosts: readonly SimulatedHost[];
  /** The snapshot from which updated hosts run the new release. */
  readonly update: number;
  readonly releases: { readonly sound: string; readonly leaking: string; readonly updated: string };
  readonly roles: {
    readonly fragmented: string;
    readonly updated: string;
    readonly reclaimable: string;
    readonly mixed: string;
  };
}

export const ROLES: readonly string[] = ['batch', 'cache', 'db', 'web'];
const MOST_DYING_HOSTS = 3;
/** Parts of a host's memory. */
const PARTS = {
  kernel: 0.15,
  user: 0.45,
  leak: 0.012,
  update: 0.08,
  outlier: 0.2,
  reclaimable: 0.25,
} as const;

/** Decides which hosts have which fault, by the seed alone. */
export function planFleet(options: SimulateOptions, known: readonly string[]): FleetPlan {
  const random = new Random(options.seed);
  const [fragmented, updated, reclaimable, mixed] = random.shuffled(ROLES) as [
    string,
    string,
    string,
    string,
  ];
  const releases = releasesOf(known);
  const hosts = Array.from({ length: options.hosts }, (_, index): SimulatedHost => {
    const role = ROLES[index % ROLES.length]!;
    const isUpdated = role === updated;
    const leaks = !isUpdated && Math.floor(index / ROLES.length) % 2 === 1;
    const oldRelease = leaks ? releases.leaking : releases.sound;
    return {
      name: `${role}-${String(Math.floor(index / ROLES.length)).padStart(3, '0')}`,
      index,
      role,
      leaks,
      isFragmented: role === fragmented,
      isUpdated,
      isOutlier: false,
      isReclaimable: role === reclaimable,
      hasDying: false,
      oldRelease,
      newRelease: isUpdated ? releases.updated : oldRelease,
    };
  });
  const candidates = random.shuffled(hosts.filter((host) => host.role === mixed));
  const [outlier, ...others] = candidates;
  const dying = others.slice(0, MOST_DYING_HOSTS);
  return {
    options,
    hosts: hosts.map((host) => ({
      ...host,
      isOutlier: host.index === outlier?.index,
      hasDying: dying.some((d) => d.index === host.index),
    })),
    update: Math.floor(options.snapshots / 2),
    releases,
    roles: { fragmented, updated, reclaimable, mixed },
  };
}

/** Three kernel releases: those of the captures, and others made of the first. */
function releasesOf(known: readonly string[]): FleetPlan['releases'] {
  const [first = 'unknown'] = known;
  const list = [...known];
  for (let n = 1; list.length < 3; n++) list.push(`${first}-simulated.${n}`);
  const [sound, leaking, updated] = list as [string, string, string];
  return { sound, leaking, updated };
}

/** How many tiles of each kind a host has at a snapshot. Free tiles are what is left. */
export interface Shares {
  readonly kernel: number;
  readonly leak: number;
  readonly update: number;
  readonly outlier: number;
  readonly user: number;
  readonly file: number;
  /** Of `user`: each is charged to a dying cgroup of its own. */
  readonly dying: number;
}

/** The shares of a host at a snapshot, from 0. Memory of processes goes up and down, but ends as it began in each boot. */
export function sharesOf({ options, update }: FleetPlan, host: SimulatedHost, snapshot: number): Shares {
  const { tiles } = options;
  const part = (share: number): number => Math.max(1, Math.round(share * tiles));
  const file = host.isReclaimable ? part(PARTS.reclaimable) : 0;
  const user = part(PARTS.user) - file + jitter(options, host, update, snapshot);
  return {
    kernel: part(PARTS.kernel),
    leak: host.leaks ? snapshot * part(PARTS.leak) : 0,
    update: host.isUpdated && snapshot >= update ? part(PARTS.update) : 0,
    outlier: host.isOutlier ? part(PARTS.outlier) : 0,
    user,
    file,
    dying: host.hasDying ? Math.min(user, dyingCgroups(snapshot)) : 0,
  };
}

/** Cgroups that have died on a host until a snapshot. */
export function dyingCgroups(snapshot: number): number {
  return 2 + 2 * snapshot;
}

/** Tiles more than usual. The last step is always down, so that nothing but a leak grows without a pause. */
function jitter(
  { seed, snapshots }: SimulateOptions,
  { index }: SimulatedHost,
  update: number,
  snapshot: number,
): number {
  const usual = new Random(seed, index).below(2);
  if (snapshot === snapshots - 2 && snapshot > update) return usual + 1;
  if ([0, update - 1, update, snapshots - 1].includes(snapshot)) return usual;
  return new Random(seed, index, snapshot).below(3);
}
