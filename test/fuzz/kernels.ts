import { StructPageError } from '../../src/core/errors.ts';
import type { ColumnName } from '../../src/decode/columns/registry.ts';
import { explainPage } from '../../src/inspector/explain-page.ts';
import { describe } from '../../src/inspector/info.ts';
import type { Inspector } from '../../src/inspector/inspector.ts';
import { inspect } from '../../src/inspector/open.ts';
import { openKernel } from '../../src/kernel/open-kernel.ts';
import { slabCaches } from '../../src/objects/slab/cache.ts';
import { PROC_FILES } from '../../src/proc/registry.ts';
import { noCounts } from '../../src/scan/scan.ts';
import { guarded } from '../../src/sources/guarded.ts';
import type { OpenImage, PhysicalMemory } from '../../src/sources/image-format.ts';
import { openImages } from '../../src/sources/open-image.ts';
import { openTable, TABLES } from '../../src/tables/registry.ts';
import { slabObjects } from '../../src/tables/slab-objects.ts';
import { DUMP_FORMS } from './dump-forms.ts';
import { mutateText } from './mutate.ts';
import type { Patch } from './patches.ts';
import type { Random } from './random.ts';
import { type Place, patchedMemory, Recorder } from './recorded-memory.ts';
import type { Target } from './target.ts';

/** What is asked of a kernel. */
interface Work {
  readonly name: string;
  run(inspector: Inspector): Promise<string> | string;
}

const MOST_ROWS = 3000;

function columns(inspector: Inspector, names: readonly string[]): string {
  let rows = 0;
  const pfns = inspector.model.present.slice(0, 4).map(({ start, end }) => {
    const middle = Math.floor((start + end) / 2);
    return { start: middle, end: Math.min(end, middle + 2048) };
  });
  for (const name of names) {
    try {
      for (const picked of inspector.selectSync({ columns: [name as ColumnName], pfns }, noCounts()))
        rows += picked.rows.length;
    } catch (error) {
      if (!(error instanceof StructPageError)) throw error;
    }
  }
  return `${Math.ceil(Math.log2(rows + 1))} ${inspector.gaps.length}`;
}

const WORKS: readonly Work[] = [
  { name: 'rows', run: (inspector) => columns(inspector, inspector.columns) },
  {
    name: 'summary',
    run: (inspector) => `${[...inspector.summary({}, noCounts()).types.keys()].sort()}`,
  },
  { name: 'info', run: (inspector) => `${describe(inspector).facts.length}` },
  {
    name: 'page',
    run(inspector) {
      const { start, end } = inspector.model.present.at(-1)!;
      const words = [start, end - 1, Math.floor((start + end) / 2)].map(
        (pfn) => explainPage(inspector, pfn).words.length,
      );
      return words.join();
    },
  },
  ...TABLES.map((definition) => ({
    name: definition.name,
    async run(inspector: Inspector): Promise<string> {
      let rows = 0;
      let troubles = 0;
      const table = openTable(inspector, definition, () => troubles++);
      for await (const batch of table.rows()) {
        rows += batch.rows.length;
        if (rows > MOST_ROWS) break;
      }
      return `${Math.ceil(Math.log2(rows + 1))} ${Math.min(3, troubles)}`;
    },
  })),
  ...PROC_FILES.map((file) => ({
    name: file.name,
    run: (inspector: Inspector): string => `${file.text(inspector, () => {}).split('\n').length}`,
  })),
  {
    name: 'slab objects',
    async run(inspector) {
      const caches = [...slabCaches(inspector.objects)];
      const { name } = caches[Math.floor(caches.length / 3)]!;
      let rows = 0;
      for await (const batch of openTable(inspector, slabObjects(name)).rows()) {
        rows += batch.rows.length;
        if (rows > MOST_ROWS) break;
      }
      return `${Math.ceil(Math.log2(rows + 1))}`;
    },
  },
];

/** A dump that some words of memory were changed in, and what is asked of it. */
interface Input {
  readonly form: number;
  readonly work: number;
  readonly patches: readonly Patch[];
  /** VMCOREINFO in place of that of the file, where it has any. */
  readonly vmcoreinfo?: string;
}

async function opened<T>(
  form: number,
  change: (memory: PhysicalMemory) => PhysicalMemory,
  vmcoreinfo: string | undefined,
  then: (inspector: Inspector) => Promise<T> | T,
): Promise<T> {
  const source = await DUMP_FORMS[form]!.source();
  const found = await openImages([source], { spoolLimit: 1 << 30 });
  const image = guarded({ ...withText(found, vmcoreinfo), memory: change(found.memory) });
  try {
    return await then(inspect(image, openKernel(image, source.name)));
  } finally {
    image.close();
  }
}

function withText(image: OpenImage, text: string | undefined): OpenImage {
  if (text === undefined) return image;
  const desc = new TextEncoder().encode(text);
  return {
    ...image,
    ...(image.vmcoreinfo === undefined ? {} : { vmcoreinfo: text }),
    notes: image.notes.map((note) => (note.name === 'VMCOREINFO' ? { ...note, desc } : note)),
  };
}

/** What is read of a dump as it is. */
interface Honest {
  readonly opening: readonly Place[];
  readonly working: readonly Place[];
  readonly vmcoreinfo: string | undefined;
}

const honest: Map<string, Promise<Honest>> = new Map();

function honestReads(form: number, work: number): Promise<Honest> {
  const key = `${form} ${work}`;
  let found = honest.get(key);
  if (!found) {
    found = (async () => {
      const opening = new Recorder();
      const working = new Recorder();
      let now = opening;
      const change = (memory: PhysicalMemory): PhysicalMemory => {
        const [first, second] = [opening.physical(memory), working.physical(memory)];
        return {
          runs: memory.runs,
          runAt: (address) => memory.runAt(address),
          readInto: (address, target) => (now === opening ? first : second).readInto(address, target),
        };
      };
      let vmcoreinfo: string | undefined;
      try {
        await opened(form, change, undefined, async (inspector) => {
          vmcoreinfo = inspector.kernel.vmcoreinfo?.text;
          now = working;
          working.objects(inspector.objects.memory);
          await WORKS[work]!.run(inspector);
        });
      } catch (error) {
        if (!(error instanceof StructPageError)) throw error;
      }
      return { opening: opening.places, working: working.places, vmcoreinfo };
    })();
    honest.set(key, found);
  }
  return found;
}

/** Memory of a form as it is, for words that are put elsewhere. */
function patchesOf(random: Random, { opening, working }: Honest): Patch[] {
  const patches: Patch[] = [];
  const places = working.length > 0 && random.chance(0.7) ? working : opening;
  if (places.length === 0) return patches;
  for (let n = 1 + random.below(3); n > 0; n--) {
    const { at, length } = random.pick(places);
    const inside = at + random.below(length);
    if (random.chance(0.3)) {
      patches.push({ at: inside, bytes: Uint8Array.of(random.word()) });
      continue;
    }
    const size = random.pick([4, 8, 8]);
    const value = new DataView(new ArrayBuffer(8));
    // an address of something else that is read, through the direct map of x86-64, or a number at an edge
    const other = random.pick(places).at;
    const number = random.chance(0.3) ? 0xffff888000000000n + BigInt(Math.floor(other)) : random.number();
    value.setBigUint64(0, number, random.chance(0.9));
    patches.push({ at: inside - (inside % size), bytes: new Uint8Array(value.buffer).subarray(0, size) });
  }
  return patches;
}

/** What a mutated input stands for until its form has been read once as it is. */
interface Seeded extends Input {
  readonly random?: Random;
}

/**
 * Kernels of every architecture, in every format, of whose memory some of what is read is changed: VMCOREINFO, page tables, mem_section,
 * BTF, symbols, struct pages, and the objects that a command walks.
 */
export const kernels: Target<Seeded> = {
  name: 'kernels',
  weight: 0.4,
  seeds: [{ form: 0, work: 0, patches: [] }],
  mutate(random, { form, work, patches }) {
    const isNew = random.chance(0.5);
    return {
      form: isNew ? random.below(DUMP_FORMS.length) : form,
      work: isNew ? random.below(WORKS.length) : work,
      patches: isNew ? [] : patches,
      random,
    };
  },
  async run(input) {
    const { form, work, random } = input;
    const known = await honestReads(form, work);
    const patches = [...input.patches, ...(random ? patchesOf(random, known) : [])].slice(-8);
    const text =
      random && known.vmcoreinfo !== undefined && random.chance(0.1)
        ? mutateText(random, known.vmcoreinfo, ['SYMBOL(', ')=', '=', '0x', '-', 'PAGESIZE'])
        : input.vmcoreinfo;
    // what is kept of this input, and written down if it fails
    Object.assign(input, { patches, random: undefined, ...(text === undefined ? {} : { vmcoreinfo: text }) });
    return opened(
      form,
      (memory) => patchedMemory(memory, patches),
      text,
      async (inspector) => {
        const came = await WORKS[work]!.run(inspector);
        return `${DUMP_FORMS[form]!.name} ${WORKS[work]!.name} ${came} ${Math.min(3, inspector.warnings.length)}`;
      },
    );
  },
};
