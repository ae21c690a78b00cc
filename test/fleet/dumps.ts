import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openFleet, openFolder } from '../../src/index.ts';
import { SNAPSHOT_PAGE_COLUMNS } from '../../src/snapshot/schema.ts';
import { SAMPLE, structpage } from '../cli/run.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/', import.meta.url));
const CORPUS = process.env.STRUCTPAGE_CORPUS;
/** The damaged dump ends behind so many bytes. */
const LEFT = 100_000;

/** A dump that is to be decoded. */
export interface ListedDump {
  readonly path: string;
  readonly host: string;
}

/** Collects whole dumps, or captures where there are none, in a folder, and a damaged copy of one, with a list for the job. */
export function collectDumps(folder: string): { dumps: ListedDump[]; damaged: ListedDump; list: string } {
  mkdirSync(folder, { recursive: true });
  const dumps = originals().map((from, i) => {
    const path = join(folder, `${i}-${basename(from)}`);
    symlinkSync(from, path);
    return { path, host: `host-${i}` };
  });
  const damaged = { path: join(folder, 'damaged.elf'), host: 'damaged' };
  writeFileSync(damaged.path, beginning(dumps[0]!.path));
  const list = join(folder, 'list.tsv');
  const lines = [...dumps, damaged].map(
    ({ path, host }) => `${path}\t${host}\tguest\t2026-11-21T12:00:00Z\n`,
  );
  writeFileSync(list, `# dump, host, role, time\n${lines.join('')}`);
  return { dumps, damaged, list };
}

function beginning(path: string): Uint8Array {
  const fd = openSync(path, 'r');
  const bytes = new Uint8Array(LEFT);
  const count = readSync(fd, bytes, 0, LEFT, 0);
  closeSync(fd);
  return bytes.subarray(0, count);
}

function originals(): string[] {
  if (CORPUS !== undefined && existsSync(CORPUS)) {
    return readdirSync(CORPUS).flatMap((name) => {
      const found = readdirSync(join(CORPUS, name)).find((file) => file.startsWith('vmcore.'));
      return found === undefined ? [] : [join(CORPUS, name, found)];
    });
  }
  const captures = ['x86_64-5.10.0-32-cloud.elf.gz', 's390x-6.12.elf.zst'];
  return [SAMPLE, ...captures.map((name) => join(FIXTURES, name))];
}

/** Rows of pages that a store lacks of what `export` writes, and that it has too much. */
export async function differences(
  store: string,
  { path, host }: ListedDump,
): Promise<[rows: number, ...number[]]> {
  const exported = `${path}.parquet`;
  const columns = SNAPSHOT_PAGE_COLUMNS.join(',');
  const { code, err } = structpage('export', path, '-o', exported, '--words', 'signed', '--columns', columns);
  if (code !== 0 && code !== 3) throw new Error(err);
  const session = await openFleet(openFolder(store, { hosts: [host] }));
  try {
    const names = SNAPSHOT_PAGE_COLUMNS.map((name) => `"${name}"`).join(', ');
    const [ours, theirs] = [`select ${names} from pages`, `select ${names} from '${exported}'`];
    const count = async (sql: string): Promise<number> => {
      const { connection } = session;
      return Number((await connection.runAndReadAll(`select count(*) from (${sql})`)).getRows()[0]![0]);
    };
    return [
      await count(ours),
      await count(`${theirs} except all ${ours}`),
      await count(`${ours} except all ${theirs}`),
    ];
  } finally {
    session.close();
  }
}
