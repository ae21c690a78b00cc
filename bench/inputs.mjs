// The dumps that the bench reads: captures of real guests, and larger dumps made out of them.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { makeSynthetic } from './synthetic.mjs';

export const SAMPLE = 'examples/sample.elf.gz';

/** What guests are captured of, by environment variable; the sample stands in for the idle one. */
const GUESTS = [
  { name: 'idle', variable: 'STRUCTPAGE_BENCH_DUMP' },
  { name: 'busy', variable: 'STRUCTPAGE_BENCH_BUSY' },
];
const SIZES = [
  ['2 M', 2 ** 21],
  ['16 M', 2 ** 24],
  ['67 M', 2 ** 26],
];

/** The dumps below `folder`, each with the guest it is of and its size in words; none larger than `most` pages. */
export async function* inputs(root, folder, most, capture, note) {
  for (const { name, variable } of GUESTS) {
    const given = process.env[variable];
    if (!given && name !== 'idle') {
      note(`No ${name} guest: set ${variable} to a dump of one.`);
      continue;
    }
    const path = join(folder, `${name}.elf`);
    if (given) capture(given, path);
    else writeFileSync(path, gunzipSync(readFileSync(join(root, SAMPLE))));
    for (const [size, pages] of SIZES) {
      if (pages > most) continue;
      // a dump that was given is as large as it is
      if (given && size === '2 M') {
        yield { guest: name, size, path };
        continue;
      }
      const larger = join(folder, `${name}-${size.replace(' ', '')}.elf`);
      await makeSynthetic(path, larger, pages);
      yield { guest: name, size, path: larger };
    }
  }
}

/** A capture of a dump: the page array and what leads to it. */
export function captureBy(command) {
  return (from, to) =>
    execFileSync(command[0], [...command.slice(1), 'capture', from, '-o', to], { stdio: 'ignore' });
}
