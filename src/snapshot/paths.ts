import { UsageError } from '../core/errors.ts';
import { SNAPSHOT_TABLES, type SnapshotTable } from './schema.ts';

/** What tells the snapshots of a store apart. */
export interface SnapshotName {
  readonly host: string;
  /** With or without hyphens; undefined if it is not known. */
  readonly bootId: string | undefined;
  /** Milliseconds since 1970 UTC; the path has whole seconds. */
  readonly time: number;
}

/** A path of a store, taken apart. The boot ID has no hyphens. */
export interface ParsedPath extends SnapshotName {
  readonly table: SnapshotTable;
}

const UNKNOWN = 'unknown';
const SECOND = 1000;
/** 1970-01-01 to 9999-12-31: what the digits of a path can say. */
const FIRST_TIME = Date.UTC(1970, 0, 1);
const END_TIME = Date.UTC(10_000, 0, 1);

/**
 * The path of a file of a snapshot within its store, with `/`: `TABLE/date=YYYY-MM-DD/host=NAME/BOOTID-TIME.parquet`. Engines
 * read date and host from the path. The host is percent-encoded, except for letters, digits, `.`, `-` and `_`. Throws UsageError for an empty host or an
 * invalid time.
 */
export function snapshotPath(table: SnapshotTable, { host, bootId, time }: SnapshotName): string {
  if (host === '') throw new UsageError('the name of the host is empty: give it with --host');
  const date = momentOf(time).slice(0, 10);
  return `${table}/date=${date}/host=${encodedHost(host)}/${bootOf(bootId)}-${digitsOf(time)}.parquet`;
}

/** The name of a snapshot of a host; such names sort by time. Throws UsageError for an invalid time. */
export function snapshotStem({ bootId, time }: Omit<SnapshotName, 'host'>): string {
  return `${digitsOf(time)}-${bootOf(bootId)}`;
}

/** Takes a `snapshotStem` apart; undefined for any other text. */
export function parseSnapshotStem(text: string): Omit<SnapshotName, 'host'> | undefined {
  const [, digits, boot] = /^(\d{8}T\d{6}Z)-([0-9a-f]+|unknown)$/.exec(text) ?? [];
  const time = digits === undefined ? undefined : timeOf(digits);
  return time === undefined ? undefined : { bootId: boot === UNKNOWN ? undefined : boot!, time };
}

function bootOf(bootId: string | undefined): string {
  return (bootId ?? '').replaceAll('-', '').toLowerCase() || UNKNOWN;
}

/** Date and time to the second, as ISO 8601 has them. */
function momentOf(time: number): string {
  if (!(time >= FIRST_TIME && time < END_TIME)) throw new UsageError(`${time} is not a time of a snapshot`);
  return new Date(time).toISOString().slice(0, 19);
}

function digitsOf(time: number): string {
  return `${momentOf(time).replaceAll(/[-:]/g, '')}Z`;
}

const PATH =
  /^(?<table>[a-z]+)\/date=(?<date>\d{4}-\d\d-\d\d)\/host=(?<host>[^/]+)\/(?<boot>[0-9a-f]+|unknown)-(?<digits>\d{8}T\d{6}Z)\.parquet$/;

/** Takes a path within a store apart; undefined if no snapshot has such a path. */
export function parseSnapshotPath(path: string): ParsedPath | undefined {
  const { table, date, host, boot, digits } = PATH.exec(path)?.groups ?? {};
  const known = SNAPSHOT_TABLES.find((name) => name === table);
  if (!known || digits === undefined) return undefined;
  const [name, time] = [decodedHost(host!), timeOf(digits)];
  if (name === undefined || time === undefined || !digits.startsWith(date!.replaceAll('-', '')))
    return undefined;
  return { table: known, host: name, bootId: boot === UNKNOWN ? undefined : boot!, time };
}

function timeOf(digits: string): number | undefined {
  const iso = digits.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
  const time = Date.parse(iso);
  return Number.isNaN(time) || new Date(time).toISOString().slice(0, 19) !== iso.slice(0, 19)
    ? undefined
    : Math.floor(time / SECOND) * SECOND;
}

/** Percent-encodes all bytes of a host's name that could mean something in a path or to an engine; also a leading dot. */
export function encodedHost(host: string): string {
  let text = '';
  for (const [i, byte] of Buffer.from(host).entries()) {
    const letter = String.fromCharCode(byte);
    const isPlain = /[A-Za-z0-9_-]/.test(letter) || (letter === '.' && i > 0);
    text += isPlain ? letter : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return text;
}

function decodedHost(text: string): string | undefined {
  try {
    const host = decodeURIComponent(text);
    return encodedHost(host) === text ? host : undefined;
  } catch {
    return undefined;
  }
}
