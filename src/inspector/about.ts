import { readOr } from '../core/errors.ts';
import { packageVersion } from '../core/version.ts';
import type { PageCounts } from '../scan/scan.ts';
import type { About } from '../table/table.ts';
import type { Inspector } from './inspector.ts';

/** Goes up when columns are renamed, or change their type or meaning. */
const SCHEMA_VERSION = 1;
/** Bytes of each text of struct new_utsname; the host's name comes two texts before the release (include/uapi/linux/utsname.h). */
const UTS_TEXT = 65;
const UTS_BYTES = 512;
const BOOT_ID_BYTES = 16;

/**
 * Where rows come from, for the metadata of files: keys begin with `structpage.`. Facts that are not known are left out.
 * `counts` are struct pages by what became of them; those that are lost are told by reason.
 */
export function aboutOf(inspector: Inspector, table: string, counts?: PageCounts): ReturnType<About> {
  const { image, kernel } = inspector;
  const facts: [string, string | undefined][] = [
    ['schema_version', `${SCHEMA_VERSION}`],
    ['version', packageVersion()],
    ['table', table],
    ['format', image.format],
    ['release', kernel.release],
    ['build_id', kernel.buildId],
    ['architecture', kernel.architecture.name],
    ['page_size', `${kernel.pageBytes}`],
    ...Object.entries(originOf(inspector)),
  ];
  for (const [state, pages] of Object.entries(counts ?? {})) {
    if (state !== 'ok' && pages > 0) facts.push([`lost.${state}`, `${pages}`]);
  }
  return facts.flatMap(([key, value]) =>
    value === undefined || value === '' ? [] : [[`structpage.${key}`, value] as const],
  );
}

/** Where and when memory was as it is; undefined where the memory does not tell. */
export interface Origin {
  readonly host: string | undefined;
  /** With hyphens. */
  readonly boot_id: string | undefined;
  /** In the form of ISO 8601. */
  readonly time: string | undefined;
}

export function originOf(inspector: Inspector): Origin {
  return { host: hostOf(inspector), boot_id: bootIdOf(inspector), time: timeOf(inspector) };
}

/** The name of the host, from init_uts_ns. */
function hostOf({ kernel }: Inspector): string | undefined {
  const bytes = readQuietly(kernel, 'init_uts_ns', UTS_BYTES);
  if (!bytes || kernel.release === '') return undefined;
  const at = Buffer.from(bytes).indexOf(`${kernel.release}\0`) - UTS_TEXT;
  if (at < 0) return undefined;
  const name = Buffer.from(bytes.subarray(at, at + UTS_TEXT))
    .toString('latin1')
    .split('\0', 1)[0]!;
  return /^[\x21-\x7e]+$/.test(name) && name !== '(none)' ? name : undefined;
}

/** /proc/sys/kernel/random/boot_id (drivers/char/random.c: sysctl_bootid), once something has asked for it. */
export function bootIdOf({ kernel }: Inspector): string | undefined {
  const bytes = readQuietly(kernel, 'sysctl_bootid', BOOT_ID_BYTES);
  if (!bytes || bytes.every((byte) => byte === 0)) return undefined;
  const digits = Buffer.from(bytes).toString('hex');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** When the memory was as it is: now, for a machine that runs; otherwise the time of the crash, or of the dump, if it says so. */
function timeOf({ image, kernel }: Inspector): string | undefined {
  if (image.live) return new Date().toISOString();
  const crash = kernel.vmcoreinfo?.get('CRASHTIME');
  if (crash !== undefined && /^\d{1,11}$/.test(crash)) return new Date(Number(crash) * 1000).toISOString();
  return image.details.find(([label]) => label === 'taken at')?.[1];
}

/** The bytes of a variable; undefined if these, or the symbol table, are not in the dump. */
function readQuietly(kernel: Inspector['kernel'], name: string, length: number): Uint8Array | undefined {
  return readOr(undefined, () => {
    const at = kernel.symbol(name);
    return at === undefined ? undefined : kernel.space.read(at, length, name);
  });
}
