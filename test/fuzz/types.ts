import { x86_64 } from '../../src/arch/x86_64.ts';
import { bytesSource } from '../../src/core/bytes.ts';
import { Btf } from '../../src/formats/btf/btf.ts';
import { factsFromBtf } from '../../src/layout/from-btf.ts';
import { resolvePageLayout } from '../../src/layout/page-layout.ts';
import { readKernelFile } from '../../src/layout/vmlinux.ts';
import { inflateSection } from '../../src/sources/inflate-section.ts';
import { btfBytes } from '../builders/btf.ts';
import { bzImageBytes, noteBytes, vmlinuxBytes } from '../builders/vmlinux.ts';
import { mutateBytes } from './mutate.ts';
import type { Random } from './random.ts';
import type { Target } from './target.ts';

const TYPES = `
int unsigned_long 8
int int 4
ptr 0
struct atomic_t 4
  counter 2 0
struct list_head 16
  next 3 0
  prev 3 64
union - 16
  lru 5 0
  compound_head 1 0
struct page 64
  flags 1 0
  - 6 64
  mapping 3 192
  index 1 256
  private 1 320
  _mapcount 4 384
  _refcount 4 416
  memcg_data 1 448
enum pageflags 4
${'locked writeback referenced uptodate dirty lru head waiters active workingset owner_priv_1 owner_2 arch_1 reserved private private_2 reclaim swapbacked unevictable mlocked'
  .split(' ')
  .map((name, i) => `  PG_${name} ${i}`)
  .join('\n')}
  __NR_PAGEFLAGS 20
enum zone_type 4
  ZONE_DMA 0
  ZONE_DMA32 1
  ZONE_NORMAL 2
  __MAX_NR_ZONES 3
struct mem_section 16
  section_mem_map 1 0
  usage 3 64
array 1 4
typedef pgd_t 1
fwd kmem_cache
struct folio 72
  page 7 0
  _entire_mapcount 4 512
  _nr_pages_mapped 4 544
`;
const HINTS = { vmemmap: true, maxPhysicalBits: 46, sectionSizeBits: 27, model: x86_64 };
const btf = btfBytes(TYPES);

/** BTF: parsed, asked for every type, and resolved to a layout of struct page. */
export const btfTypes: Target<Uint8Array> = {
  name: 'BTF',
  weight: 20,
  seeds: [btf, btfBytes(TYPES, { bigEndian: true })],
  mutate: (random, input, inputs) =>
    random.chance(0.3) ? mutateBytes(random, input, inputs) : otherWords(random, input),
  run(input) {
    const types = factsFromBtf(Btf.parse(input, 'input'), 'input', 'btf-file');
    const sizes = ['page', 'mem_section', 'list_head', 'kmem_cache'].map((name) => types.structSize(name));
    const places = ['flags', 'lru.next', 'compound_head', '_mapcount', 'memcg_data'].map(
      (path) => types.place('page', path)?.offset,
    );
    const layout = resolvePageLayout(types, HINTS, undefined);
    return `${sizes} ${places} ${layout.size} ${layout.zones}`;
  },
};

/** Files of kernels that a user names. */
export const kernelFiles: Target<Uint8Array> = {
  name: 'kernel files',
  weight: 8,
  seeds: [
    vmlinuxBytes({ '.BTF': btf, '.notes': noteBytes('GNU', 3, new Uint8Array(20)) }),
    vmlinuxBytes({ '.BTF': btf }, true),
    bzImageBytes(vmlinuxBytes({ '.BTF': btf })),
    btf,
  ],
  mutate: mutateBytes,
  async run(input) {
    const file = await readKernelFile(bytesSource(input, 'input'), inflateSection);
    return `${file.kind} ${file.release} ${file.buildId?.length} ${file.btf.length}`;
  },
};

/** BTF with some words behind its header that are others. */
function otherWords(random: Random, input: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(input);
  const view = new DataView(bytes.buffer);
  const words = Math.floor((bytes.length - 24) / 4);
  for (let n = 1 + random.below(3); n > 0 && words > 0; n--) {
    const at = 24 + 4 * random.below(words);
    const old = view.getUint32(at, true);
    const next = random.chance(0.4)
      ? old ^ (1 << random.below(32))
      : random.chance(0.6)
        ? random.below(64)
        : Number(random.number() & 0xffffffffn);
    view.setUint32(at, next, random.chance(0.9));
  }
  return bytes;
}
