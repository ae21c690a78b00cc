import type { Pfn, VirtAddr } from '../core/address.ts';
import { StructPageError } from '../core/errors.ts';
import { intersect, type Range } from '../core/ranges.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { TypeFacts } from '../layout/type-facts.ts';
import type { MappedRun } from '../translate/page-walk.ts';
import { discoverMemoryModel } from './discover.ts';
import type { MemoryModel } from './memory-model.ts';
import { readSections, type Section, type Sections } from './sections.ts';
import { sparseModel } from './sparse.ts';

/** How it stood with some page frames at one moment: their sections, and where page tables map their struct pages. */
export interface Glance {
  /** Undefined where mem_section could not be read at that moment. */
  readonly sections: readonly Section[] | undefined;
  readonly runs: readonly (MappedRun & { readonly start: Pfn })[];
}

/**
 * The memory model of a machine that goes on running: memory is plugged and unplugged, blocks go online and offline. `look` reads what the
 * kernel says of some page frames now, and the model says the same from then on.
 */
export class LiveModel implements MemoryModel {
  readonly #kernel: Kernel;
  readonly #types: TypeFacts;
  #now: MemoryModel;

  constructor(kernel: Kernel, types: TypeFacts, now: MemoryModel) {
    this.#kernel = kernel;
    this.#types = types;
    this.#now = now;
  }

  get kind(): MemoryModel['kind'] {
    return this.#now.kind;
  }
  get pageShift(): number {
    return this.#now.pageShift;
  }
  get pageSize(): number {
    return this.#now.pageSize;
  }
  get present(): readonly Range[] {
    return this.#now.present;
  }
  get online(): readonly Range[] {
    return this.#now.online;
  }
  get base(): VirtAddr | undefined {
    return this.#now.base;
  }
  get sections(): Sections {
    return this.#now.sections;
  }
  get from(): string {
    return this.#now.from;
  }
  get sectionSizeBits(): number {
    return this.#now.sectionSizeBits;
  }
  get maxPhysicalBits(): number {
    return this.#now.maxPhysicalBits;
  }
  get pagesPerSection(): number {
    return this.#now.pagesPerSection;
  }
  addressOf(pfn: Pfn): VirtAddr | undefined {
    return this.#now.addressOf(pfn);
  }
  pfnOf(address: VirtAddr): Pfn | undefined {
    return this.#now.pfnOf(address);
  }
  stretches(range: Range): { readonly start: Pfn; readonly end: Pfn; readonly address: VirtAddr }[] {
    return this.#now.stretches(range);
  }

  /** Reads all of the model anew; keeps what it has where that cannot be done at this moment. */
  refresh(): void {
    this.#forget();
    try {
      this.#now = discoverMemoryModel(this.#kernel, this.#types).model;
    } catch (error) {
      if (!(error instanceof StructPageError)) throw error;
    }
  }

  /** How it stands with the page frames of a range now. */
  look(range: Range): Glance {
    this.#forget();
    const sections = this.#sectionsOf(range);
    const { space } = this.#kernel;
    const probe = new Uint8Array(1);
    const runs = this.#now.stretches(range).flatMap(({ start, end, address }) =>
      // what the source gives by virtual address, the kernel itself translates
      space.direct(address, probe) > 0
        ? []
        : space.walker
            .mappedRuns(address, (end - start) * this.#now.pageSize)
            .map((run) => ({ ...run, start })),
    );
    return { sections, runs };
  }

  /** The page frames of a range for which two glances differ. */
  moved(range: Range, before: Glance, after: Glance): readonly Range[] {
    if (!before.sections || !after.sections) return [range];
    const texts = [before, after].map(({ sections }) => new Map(sections!.map((s) => [s.number, textOf(s)])));
    const [first, second] = texts as [Map<number, string>, Map<number, string>];
    const numbers = new Set([...first.keys(), ...second.keys()]);
    const sections = [...numbers]
      .filter((number) => first.get(number) !== second.get(number))
      .sort((a, b) => a - b)
      .map((number) => ({
        start: number * this.pagesPerSection,
        end: (number + 1) * this.pagesPerSection,
      }));
    if (sections.length > 0) return intersect(sections, [range]);
    const places = [before, after].map(({ runs }) => runs.map((r) => Object.values(r).join()).join(';'));
    return places[0] === places[1] ? [] : [range];
  }

  #forget(): void {
    this.#kernel.image.renew?.();
    this.#kernel.space.walker.forget();
  }

  /** What mem_section says of the sections of a range now; the model takes it over. */
  #sectionsOf({ start, end }: Range): readonly Section[] | undefined {
    const known = this.#now.sections;
    // without mem_section only page tables tell
    if (known.onlineUnknown || !this.kind.startsWith('SPARSEMEM')) return [];
    const per = this.pagesPerSection;
    const numbers = { start: Math.floor(start / per), end: Math.ceil(end / per) };
    const within = ({ number }: Section): boolean => number >= numbers.start && number < numbers.end;
    let list: readonly Section[];
    try {
      const found = readSections(this.#kernel, this.#types, numbers);
      if (found.lost.length > 0) return undefined;
      list = found.list;
    } catch (error) {
      if (!(error instanceof StructPageError)) throw error;
      return undefined;
    }
    const before = known.list.filter(within);
    if (before.map(textOf).join(';') !== list.map(textOf).join(';')) this.#replace(within, list);
    return list;
  }

  #replace(within: (section: Section) => boolean, sections: readonly Section[]): void {
    const { pageSize, pageShift, kind } = this.#now;
    const known = this.#now.sections;
    const list = [...known.list.filter((s) => !within(s)), ...sections].sort((a, b) => a.number - b.number);
    if (list.length === 0) return;
    this.#now = sparseModel({ ...known, list }, pageSize, pageShift, kind === 'SPARSEMEM_VMEMMAP');
  }
}

function textOf({ number, base, pfns, online }: Section): string {
  const ranges = (list: readonly Range[]): string => list.map(({ start, end }) => `${start}-${end}`).join();
  return `${number} ${base} ${ranges(pfns)} ${ranges(online)}`;
}
