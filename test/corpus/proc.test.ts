import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PROC_FILES } from '../../src/index.ts';
import { structpage } from '../cli/run.ts';

/** Dumps, and what their kernels said in /proc shortly before. */
const truth = process.env.STRUCTPAGE_TRUTH ?? '';
const answers = process.env.STRUCTPAGE_ANSWERS ?? '';
const corpus = process.env.STRUCTPAGE_CORPUS ?? '';
const oracles = process.env.STRUCTPAGE_ORACLES ?? '';
const DUMPS = [
  ...['5.10-A', '6.12-A'].map((n) => [n, join(truth, n, 'vmcore.elf'), join(answers, n, 'truth')] as const),
  ...['x86_64-5.10.0-32-cloud', 'x86_64-6.12.107-cloud', 'x86_64-7.2.13-cloud'].map(
    (n) => [n, join(corpus, n, 'vmcore.elf'), join(oracles, n)] as const,
  ),
];
const present = DUMPS.filter(([, dump]) => existsSync(dump));
if (present.length === 0)
  console.info('no dumps with /proc beside them (STRUCTPAGE_TRUTH): its files are not compared');

/** What reading /proc itself, and the moments until the guest was stopped, changed: names, dentries, inodes, pages for them. */
const MOVED: readonly RegExp[] = [
  /^(MemFree|MemAvailable|KReclaimable|Slab|SReclaimable|SUnreclaim):/,
  /^ *(nr_free_pages|nr_free_pages_blocks|numa_hit|numa_local|nr_slab_reclaimable|nr_slab_unreclaimable) /,
  /^(nr_dirty_threshold|nr_dirty_background_threshold|pgalloc_dma32) /,
  /^ +(pages free|count:|high:) /,
  /^(proc_inode_cache|dentry) /,
];

describe.skipIf(present.length === 0).each(present.length > 0 ? present : DUMPS)(
  '/proc of %s',
  (_, dump, folder) => {
    const recorded = PROC_FILES.map((f) => f.name).filter((name) => existsSync(join(folder, name)));
    test.each(recorded.length > 0 ? recorded : ['meminfo'])('%s', (name) => {
      const { code, out, err } = structpage(name, dump);
      expect([code, err]).toEqual([0, '']);
      const ours = out.split('\n');
      const theirs = readFileSync(join(folder, name), 'utf8').split('\n');
      expect(ours.length).toBe(theirs.length);
      const wrong = ours.flatMap((line, i) => {
        const other = theirs[i]!;
        if (line === other) return [];
        const label = (text: string): string => text.replace(/\d+/g, '').replace(/ +/g, ' ');
        const moved = label(line) === label(other) && MOVED.some((m) => m.test(line));
        return moved ? [] : [`${line} | ${other}`];
      });
      expect(wrong).toEqual([]);
    });
  },
);
