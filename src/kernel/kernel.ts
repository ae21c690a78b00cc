import type { Architecture } from '../arch/architecture.ts';
import { hex, type VirtAddr } from '../core/address.ts';
import { FaultError, StructPageError } from '../core/errors.ts';
import { findKallsyms } from '../formats/kallsyms/find-tables.ts';
import { Kallsyms, type KallsymsTables } from '../formats/kallsyms/kallsyms.ts';
import { Vmcoreinfo } from '../formats/vmcoreinfo.ts';
import type { BuildSymbols } from '../layout/type-facts.ts';
import type { OpenImage } from '../sources/image-format.ts';
import { AddressSpace } from '../translate/address-space.ts';
import type { FoundPageTables } from './find-page-tables.ts';
import type { FoundVmcoreinfo } from './find-vmcoreinfo.ts';
import { findImageStart } from './image-window.ts';
import { readImage } from './kernel-image.ts';
import { KernelSearch, ScanMeter } from './search.ts';

/** Symbols of VMCOREINFO that are the values of pointers, not where those are. */
const POINTED: ReadonlySet<string> = new Set(['mem_section', 'vmemmap']);

/** The kernel of an image. Symbols are looked up on demand. */
export class Kernel {
  readonly image: OpenImage;
  readonly architecture: Architecture;
  readonly space: AddressSpace;
  /** Undefined if the memory has none that proves right. */
  readonly vmcoreinfo: Vmcoreinfo | undefined;
  /** The sources of VMCOREINFO and the page tables, in words. */
  readonly from: { readonly vmcoreinfo: string; readonly pageTables: string };
  /** How VMCOREINFO and the page tables were found. */
  readonly found: FoundVmcoreinfo | undefined;
  readonly tables: FoundPageTables;
  /** The steps of the search so far. */
  readonly search: KernelSearch;
  /** Virtual minus physical address of the kernel image. */
  readonly imageOffset: bigint | undefined;
  /** The source of symbols; set once they were needed. */
  symbolsFrom: string | undefined;
  #kallsyms: Kallsyms | undefined | null = null;
  #learned: ReadonlyMap<string, VirtAddr> = new Map();
  #release: string | undefined;
  #imageStart: { readonly at: VirtAddr | undefined } | undefined;

  /** The place of the symbol table, once it was needed. */
  kallsymsTables: KallsymsTables | undefined;

  constructor(
    image: OpenImage,
    tables: FoundPageTables,
    found: FoundVmcoreinfo | undefined,
    kallsyms?: KallsymsTables,
    search: KernelSearch = new KernelSearch(),
    symbolsFrom?: string,
  ) {
    this.symbolsFrom = symbolsFrom;
    this.kallsymsTables = kallsyms;
    this.search = search;
    this.tables = tables;
    this.image = image;
    this.architecture = tables.walker.tables.architecture;
    this.space = new AddressSpace(image.memory, tables.walker, image.virtual);
    this.imageOffset = tables.imageOffset;
    this.found = found ?? this.#vmcoreinfoBySymbol();
    this.vmcoreinfo = this.found?.info;
    this.from = { vmcoreinfo: this.found?.from ?? 'not found', pageTables: tables.from };
  }

  /** The address of a symbol, from VMCOREINFO or the kernel's own symbol table. */
  symbol(name: string): VirtAddr | undefined {
    return this.vmcoreinfo?.symbol(name) ?? this.kallsyms?.address(name) ?? this.#learned.get(name);
  }

  /**
   * Takes over where variables are from what is known of this very build, for kernels whose symbol table has functions only. Nothing is
   * taken of a build whose symbols contradict those that VMCOREINFO has.
   */
  learnSymbols(builds: readonly BuildSymbols[]): void {
    const { text, vmcoreinfo } = this;
    const build = builds.find(({ buildId }) => buildId === this.buildId);
    this.#learned = new Map();
    if (!build || text === undefined || !vmcoreinfo) return;
    const all = Object.entries(build.offsets).map(([name, offset]) => [name, text + BigInt(offset)] as const);
    const agrees = ([name, address]: readonly [string, VirtAddr]): boolean =>
      POINTED.has(name) || (vmcoreinfo.symbol(name) ?? address) === address;
    if (all.every(agrees)) this.#learned = new Map(all);
  }

  /** Addresses of several symbols, with one pass over the symbol table for those that VMCOREINFO lacks. */
  symbols(names: readonly string[]): Map<string, VirtAddr> {
    const found = new Map<string, VirtAddr>();
    for (const name of names) {
      const address = this.vmcoreinfo?.symbol(name);
      if (address !== undefined) found.set(name, address);
    }
    const rest = names.filter((n) => !found.has(n));
    if (rest.length > 0)
      for (const [name, address] of this.kallsyms?.addresses(rest) ?? []) found.set(name, address);
    for (const name of rest) {
      const address = this.#learned.get(name);
      if (address !== undefined && !found.has(name)) found.set(name, address);
    }
    return found;
  }

  /** The kernel's symbol table; undefined if the memory has none that can be read. */
  get kallsyms(): Kallsyms | undefined {
    if (this.#kallsyms === null) this.#kallsyms = this.#openKallsyms();
    return this.#kallsyms;
  }

  /** A page frame has 2 ** pageShift bytes. */
  get pageShift(): number {
    return this.space.walker.tables.mode.pageShift;
  }

  /** Size of a page frame in bytes. */
  get pageBytes(): number {
    return 2 ** this.pageShift;
  }

  /** uname -r, e.g. `6.12.107+deb13-cloud-amd64`; empty if unknown. */
  get release(): string {
    this.#release ??= this.vmcoreinfo?.release ?? this.#releaseFromBanner();
    return this.#release;
  }

  /** The GNU build id of the kernel image, 40 hexadecimal digits, if VMCOREINFO has it (since 5.9). */
  get buildId(): string | undefined {
    const id = this.vmcoreinfo?.buildId;
    return id !== undefined && /^[0-9a-f]{8,64}$/.test(id) ? id : undefined;
  }

  /** The start of the kernel's text. */
  get text(): VirtAddr | undefined {
    return this.vmcoreinfo?.symbol('_stext') ?? this.imageStart;
  }

  /** The start of the kernel image by the page tables. */
  get imageStart(): VirtAddr | undefined {
    if (this.#imageStart === undefined)
      this.#imageStart = { at: findImageStart(this.space.walker, this.architecture)?.virtual };
    return this.#imageStart.at;
  }

  /** The KASLR offset of the image, and its source. */
  get kernelOffset(): { readonly value: bigint; readonly from: string } | undefined {
    const text = this.vmcoreinfo?.get('KERNELOFFSET');
    if (text !== undefined && /^[0-9a-f]{1,16}$/i.test(text)) {
      return { value: BigInt(`0x${text}`), from: this.from.vmcoreinfo };
    }
    const linkedAt = this.architecture.image.window?.linkedAt;
    const start = linkedAt === undefined ? undefined : this.kallsyms?.address('_text');
    return start === undefined || linkedAt === undefined
      ? undefined
      : {
          value: start - linkedAt,
          from: `_text is so far from ${hex(linkedAt)}, where kernels are linked that are not configured otherwise`,
        };
  }

  #openKallsyms(): Kallsyms | undefined {
    const read = (address: VirtAddr, length: number): Uint8Array =>
      this.space.read(address, length, 'kallsyms');
    const text = this.text;
    if (text === undefined) return undefined;
    const texts = [text];
    const { wordBytes } = this.architecture;
    const open = (tables: KallsymsTables | undefined, from: string): Kallsyms | undefined => {
      if (!tables) return undefined;
      for (let i = 0; i < texts.length; i++) {
        const at = texts[i]!;
        try {
          const symbols = Kallsyms.open(read, tables, { text: at, wordBytes });
          this.symbolsFrom = from;
          this.kallsymsTables = tables;
          return symbols;
        } catch (error) {
          if (!(error instanceof StructPageError)) throw error;
          // VMCOREINFO may be damaged: compare with the place of the text in the image itself
          const start = this.imageStart;
          if (start !== undefined && !texts.includes(start)) texts.push(start);
        }
      }
      return undefined;
    };
    return (
      open(this.kallsymsTables, this.symbolsFrom ?? 'kallsyms') ??
      open(tablesFromVmcoreinfo(this.vmcoreinfo), 'kallsyms, at the addresses in VMCOREINFO') ??
      open(this.#scanForKallsyms(), 'kallsyms, found by a scan of the kernel image')
    );
  }

  #scanForKallsyms(): KallsymsTables | undefined {
    const meter = new ScanMeter();
    const tables = meter.run(() => {
      const image = readImage(this);
      meter.bytes += image?.bytes.length ?? 0;
      return image && findKallsyms({ ...image, wordBytes: this.architecture.wordBytes });
    });
    this.search.add(
      'symbol table',
      tables ? 'found by its shape in the kernel image' : 'none in the kernel image',
      meter,
    );
    return tables;
  }

  #vmcoreinfoBySymbol(): FoundVmcoreinfo | undefined {
    const at = this.kallsyms?.address('vmcoreinfo_data');
    if (at === undefined) return undefined;
    try {
      const text = this.space.readString(this.space.readWord(at), 65536, 'vmcoreinfo_data');
      return { info: Vmcoreinfo.parse(text, 'vmcoreinfo_data'), from: "the kernel's vmcoreinfo_data" };
    } catch (error) {
      if (error instanceof StructPageError) return undefined;
      throw error;
    }
  }

  /** The kernel's banner, e.g. `Linux version 6.12.107+deb13-cloud-amd64 (...) ...`, if symbols lead to it. */
  get banner(): string | undefined {
    const at = this.kallsyms?.address('linux_banner');
    if (at === undefined) return undefined;
    try {
      const text = this.space.readString(at, 512, 'linux_banner').trimEnd();
      return text.startsWith('Linux version ') ? text : undefined;
    } catch (error) {
      if (error instanceof FaultError) return undefined;
      throw error;
    }
  }

  #releaseFromBanner(): string {
    return /^Linux version (\S+)/.exec(this.banner ?? '')?.[1] ?? '';
  }
}

/** VMCOREINFO has had SYMBOL(kallsyms_*) since 6.0 (kernel/kallsyms.c); 7.1 removed the relative base. */
function tablesFromVmcoreinfo(info: Vmcoreinfo | undefined): KallsymsTables | undefined {
  const numSyms = info?.symbol('kallsyms_num_syms');
  const names = info?.symbol('kallsyms_names');
  const tokenTable = info?.symbol('kallsyms_token_table');
  const tokenIndex = info?.symbol('kallsyms_token_index');
  const offsets = info?.symbol('kallsyms_offsets');
  if (
    numSyms === undefined ||
    names === undefined ||
    tokenTable === undefined ||
    tokenIndex === undefined ||
    offsets === undefined
  ) {
    return undefined;
  }
  const relativeBase = info?.symbol('kallsyms_relative_base');
  return {
    numSyms,
    names,
    tokenTable,
    tokenIndex,
    offsets,
    ...(relativeBase === undefined ? {} : { relativeBase }),
  };
}
