import { bytesSource } from '../../src/core/bytes.ts';
import { openImages } from '../../src/sources/open-image.ts';
import { buildElf, buildNotes } from '../builders/elf.ts';
import { flattenWhole } from '../builders/flattened.ts';
import { buildHibernation } from '../builders/hibernation.ts';
import { buildKdump } from '../builders/kdump.ts';
import { buildAvml, buildLime } from '../builders/lime.ts';
import { buildS390Dump, buildS390Extended } from '../builders/s390-dump.ts';
import { buildVmss } from '../builders/vmware.ts';
import { mutateBytes } from './mutate.ts';
import type { Target } from './target.ts';

const kdump = await buildKdump({ pages: '0-9 ram\nb zero\nc-f excluded', vmcoreinfo: 'OSRELEASE=x\n' });
const SEEDS: readonly Uint8Array[] = [
  kdump,
  await buildKdump({ pages: '0-9 ram', codec: 'lzo', split: [2, 7] }),
  await buildKdump({ pages: '0-9 ram', codec: 'snappy' }),
  await buildKdump({ pages: '0-9 ram', codec: 'zlib' }),
  flattenWhole(kdump),
  buildElf({ loads: '0-3fff file=1234\n8000-9fff' }),
  buildElf({
    loads: '0-3fff\n2000-9fff\n8000-ffff file=0',
    notes: buildNotes([
      { name: 'VMCOREINFO', type: 0, desc: new TextEncoder().encode('OSRELEASE=x\nPAGESIZE=4096\n') },
    ]),
  }),
  buildElf({ loads: '0-3fff\n8000-9fff', bigEndian: true, machine: 22 }),
  buildLime('0-3\n8-9'),
  buildAvml('0-3\n8-9'),
  buildHibernation([1, 2, 5], 'lzo'),
  buildHibernation([1, 2, 5], 'none'),
  buildS390Dump(6),
  ...buildS390Extended(6, [
    [
      [0, 1],
      [4, 5],
    ],
  ]),
  buildVmss([[0, 0, 4]], new Uint8Array(16384)),
];

/** Every container: opened, walked and read a little. */
export const containers: Target<Uint8Array> = {
  name: 'containers',
  weight: 50,
  seeds: SEEDS,
  mutate: mutateBytes,
  async run(input) {
    const image = await openImages([bytesSource(input, 'input')], { spoolLimit: 1 << 20 });
    const states = new Set<string>();
    const buffer = new Uint8Array(8192);
    let runs = 0;
    for (const run of image.memory.runs) {
      states.add(run.state);
      image.memory.readInto(run.start, buffer);
      states.add(image.memory.runAt(run.end - 1).state);
      if (++runs === 50) break;
    }
    image.memory.runAt(0);
    image.close();
    return `${image.format} ${runs} ${[...states]} ${image.warnings}`;
  },
};
