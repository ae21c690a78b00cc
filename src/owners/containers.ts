/** Cgroup names of container managers; the first group of each pattern is the name or id. */
const PATTERNS: readonly (readonly [manager: string, pattern: RegExp])[] = [
  ['docker', /\/docker[-/]([0-9a-f]{12,64})(?:\.scope)?(?:\/|$)/],
  ['containerd', /\/cri-containerd[-:]([0-9a-f]{12,64})(?:\.scope)?(?:\/|$)/],
  ['cri-o', /\/crio-([0-9a-f]{12,64})(?:\.scope)?(?:\/|$)/],
  ['podman', /\/libpod-([0-9a-f]{12,64})(?:\.scope)?(?:\/|$)/],
  ['kubernetes', /\/kubepods[^/]*(?:\/[^/]+)*\/([0-9a-f]{64})(?:\/|$)/],
  ['lxc', /\/lxc(?:\.payload)?[./]([^/]+)(?:\/|$)/],
  ['nspawn', /\/machine\.slice\/(?:systemd-nspawn@|machine-)(.+?)\.(?:service|scope)(?:\/|$)/],
];
/** Ids are shortened as the managers print them. */
const ID = 12;

/** The container of a cgroup, e.g. `docker:0123456789ab`; undefined outside containers. */
export function containerOf(cgroup: string): string | undefined {
  for (const [manager, pattern] of PATTERNS) {
    const name = pattern.exec(cgroup)?.[1];
    if (name === undefined) continue;
    return `${manager}:${/^[0-9a-f]{12,}$/.test(name) ? name.slice(0, ID) : name}`;
  }
  return undefined;
}
