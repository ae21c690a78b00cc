import { readFileSync } from 'node:fs';
import { x86_64 } from '../../src/arch/x86_64.ts';
import { Vmcoreinfo } from '../../src/formats/vmcoreinfo.ts';
import { factsFromJson, parseLayout } from '../../src/layout/from-json.ts';
import { formatLayout } from '../../src/layout/layout-file.ts';
import { resolvePageLayout } from '../../src/layout/page-layout.ts';
import { layoutIndex, layoutPath } from '../../src/layout/registry.ts';
import { mutateText } from './mutate.ts';
import type { Random } from './random.ts';
import type { Target } from './target.ts';

const VMCOREINFO = `OSRELEASE=6.12.0
BUILD-ID=e1b6c81f7afcf08c49c197583920e5307d281cdf
PAGESIZE=4096
SYMBOL(init_uts_ns)=ffffffff82e19a40
NUMBER(phys_base)=-872415232
SIZE(page)=64
OFFSET(page.flags)=0
LENGTH(mem_section)=2048
NUMBER(SECTION_SIZE_BITS)=27
NUMBER(KERNEL_IMAGE_SIZE)=0x40000000
`;

/** The text that a kernel leaves for those who read its memory. */
export const vmcoreinfo: Target<string> = {
  name: 'vmcoreinfo',
  weight: 15,
  seeds: [VMCOREINFO],
  mutate: (random, text) =>
    mutateText(random, text, ['SYMBOL(', ')=', '=', '\n', '0x', '-', 'PAGESIZE', '\0', 'é']),
  run(text) {
    const info = Vmcoreinfo.parse(text, 'input');
    const numbers = [
      info.symbol('init_uts_ns'),
      info.number('phys_base'),
      info.size('page'),
      info.length('mem_section'),
    ];
    return `${info.release.length > 0} ${info.pageSize} ${numbers.map((n) => typeof n)}`;
  },
};

const layouts = layoutIndex()
  .slice(0, 4)
  .map((entry) => readFileSync(layoutPath(entry), 'utf8'));
const LAYOUT_WORDS = [
  'null',
  '{}',
  '[]',
  '-1',
  '1e99',
  '"__proto__"',
  '"constructor"',
  '"page"',
  ',',
  '"',
  '9007199254740993',
];
const HINTS = { vmemmap: true, maxPhysicalBits: 46, sectionSizeBits: 27, model: x86_64 };

/** Files of types: parsed, resolved to a layout of struct page, and written. */
export const layoutFiles: Target<string> = {
  name: 'layout files',
  weight: 2,
  seeds: layouts,
  mutate: (random, text) =>
    random.chance(0.2) ? mutateText(random, text, LAYOUT_WORDS) : otherValues(random, text),
  run(text) {
    const file = parseLayout(text, 'input');
    const layout = resolvePageLayout(factsFromJson(file, 'input', 'layout-named'), HINTS, undefined);
    return `${formatLayout(file).length > 0} ${layout.size} ${layout.zones.length}`;
  },
};

/** A layout file with some values that are others. */
function otherValues(random: Random, text: string): string {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch {
    return mutateText(random, text, LAYOUT_WORDS);
  }
  for (let n = 1 + random.below(3); n > 0; n--) change(random, file as Record<string, unknown>);
  return JSON.stringify(file, null, 1);
}

function change(random: Random, node: Record<string, unknown>): void {
  const keys = Object.keys(node);
  // what a page is read by is under few names
  const wanted = keys.filter((key) =>
    ['structs', 'enums', 'page', 'pageflags', 'members', 'zone_type', 'pagetype'].includes(key),
  );
  const key = random.pick(wanted.length > 0 && random.chance(0.7) ? wanted : keys);
  if (key === undefined) return;
  const value = node[key];
  if (typeof value === 'object' && value !== null && random.chance(0.95)) {
    change(random, value as Record<string, unknown>);
    return;
  }
  const kind = random.below(10);
  if (kind === 0) delete node[key];
  else if (kind === 1) node[random.pick(keys)] = value;
  else node[key] = random.chance(0.6) ? random.below(80) : Number(random.number());
}
