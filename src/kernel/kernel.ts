import type { Architecture } from '../arch/architecture.ts';
import { ARCHITECTURES, architectureOf, machineName } from '../arch/registry.ts';
import { hex, type VirtAddr } from '../core/address.ts';
import { FaultError, FormatError, StructPageError, UnsupportedError } from '../core/errors.ts';
import { findKallsyms } from '../formats/kallsyms/find-tables.ts';
import { Kallsyms, type KallsymsTables } from '../formats/kallsyms/kallsyms.ts';
import { Vmcoreinfo } from '../formats/vmcoreinfo.ts';
import type { OpenImage } from '../sources/image-format.ts';
import { AddressSpace } from '../translate/address-space.ts';
import {
  type Attempt,
  type FoundPageTables,
  findImageStart,
  pageTablesFromRegisters,
  pageTablesFromScan,
  pageTablesFromVmcoreinfo,
} from './find-page-tables.ts';
import { type FoundVmcoreinfo, findVmcoreinfo } from './find-vmcoreinfo.ts';
import { readImage } from './kernel-image.ts';

/** Told of slow searches; `total` may be 0 where it is not known. */
export type Progress = (what: string, done: number, total: number) => void;

/** What is known of the kernel whose memory this is. Symbols are looked up when they are first asked for. */
export class Kernel {
  readonly image: OpenImage;
  readonly architecture: Architecture;
  readonly space: AddressSpace;
  /** Undefined when the memory has none that proves right. */
  readonly vmcoreinfo: Vmcoreinfo | undefined;
  /** Where VMCOREINFO and the page tables come from, in words. */
  readonly from: { readonly vmcoreinfo: string; readonly pageTables: string };
  /** physical = virtual - image base + physBase, for the kernel's own image. */
  readonly physBase: bigint | undefined;
  /** Where symbols come from; set once they were needed. */
  symbolsFrom: string | undefined;
  #kallsyms: Kallsyms | undefined | null = null;
  #release: string | undefined;

  /** Where the symbol table is, once it was needed. */
  kallsymsTables: KallsymsTables | undefined;

  constructor(
    image: OpenImage,
    tables: FoundPageTables,
    found: FoundVmcoreinfo | undefined,
    kallsyms?: KallsymsTables,
  ) {
    this.kallsymsTables = kallsyms;
    this.image = image;
    this.architecture = tables.walker.tables.architecture;
    this.space = new AddressSpace(image.memory, tables.walker, image.virtual);
    this.physBase = tables.physBase;
    let vmcoreinfo = found;
    if (!vmcoreinfo) vmcoreinfo = this.#vmcoreinfoBySymbol();
    this.vmcoreinfo = vmcoreinfo?.info;
    this.from = { vmcoreinfo: vmcoreinfo?.from ?? 'not found', pageTables: tables.from };
  }

  /** The address of a symbol: what VMCOREINFO says, else the kernel's own symbol table. */
  symbol(name: string): VirtAddr | undefined {
    return this.vmcoreinfo?.symbol(name) ?? this.kallsyms?.address(name);
  }

  /** Addresses of several symbols, in one pass over the symbol table where VMCOREINFO does not have them. */
  symbols(names: readonly string[]): Map<string, VirtAddr> {
    const found = new Map<string, VirtAddr>();
    for (const name of names) {
      const address = this.vmcoreinfo?.symbol(name);
      if (address !== undefined) found.set(name, address);
    }
    const rest = names.filter((n) => !found.has(n));
    if (rest.length > 0)
      for (const [name, address] of this.kallsyms?.addresses(rest) ?? []) found.set(name, address);
    return found;
  }

  /** The kernel's symbol table; undefined where the memory has none that can be read. */
  get kallsyms(): Kallsyms | undefined {
    if (this.#kallsyms === null) this.#kallsyms = this.#openKallsyms();
    return this.#kallsyms;
  }

  /** uname -r, e.g. `6.12.107+deb13-cloud-amd64`; empty if nothing tells. */
  get release(): string {
    this.#release ??= this.vmcoreinfo?.release ?? this.#releaseFromBanner();
    return this.#release;
  }

  /** The GNU build id of the kernel image, 40 hexadecimal digits, where the kernel says it (5.9 on). */
  get buildId(): string | undefined {
    return this.vmcoreinfo?.buildId;
  }

  /** The start of the kernel's text. */
  get text(): VirtAddr | undefined {
    return this.vmcoreinfo?.symbol('_stext') ?? findImageStart(this.space.walker, this.architecture)?.virtual;
  }

  /** How far KASLR moved the image, as VMCOREINFO says. */
  get kernelOffset(): bigint | undefined {
    const text = this.vmcoreinfo?.get('KERNELOFFSET');
    return text !== undefined && /^[0-9a-f]{1,16}$/i.test(text) ? BigInt(`0x${text}`) : undefined;
  }

  #openKallsyms(): Kallsyms | undefined {
    const read = (address: VirtAddr, length: number): Uint8Array =>
      this.space.read(address, length, 'kallsyms');
    const text = this.text;
    if (text === undefined) return undefined;
    const open = (tables: KallsymsTables | undefined, from: string): Kallsyms | undefined => {
      if (!tables) return undefined;
      try {
        const symbols = Kallsyms.open(read, tables, { text });
        this.symbolsFrom = from;
        this.kallsymsTables = tables;
        return symbols;
      } catch (error) {
        if (error instanceof StructPageError) return undefined;
        throw error;
      }
    };
    return (
      open(this.kallsymsTables, 'kallsyms') ??
      open(tablesFromVmcoreinfo(this.vmcoreinfo), 'kallsyms, at the addresses in VMCOREINFO') ??
      open(this.#scanForKallsyms(), 'kallsyms, found by a scan of the kernel image')
    );
  }

  #scanForKallsyms(): KallsymsTables | undefined {
    const image = readImage(this);
    return image && findKallsyms(image);
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

  #releaseFromBanner(): string {
    const at = this.kallsyms?.address('linux_banner');
    if (at === undefined) return '';
    try {
      return /^Linux version (\S+)/.exec(this.space.readString(at, 256, 'linux_banner'))?.[1] ?? '';
    } catch (error) {
      if (error instanceof FaultError) return '';
      throw error;
    }
  }
}

/** SYMBOL(kallsyms_*) are in VMCOREINFO since 6.0 (kernel/kallsyms.c); the relative base is gone since 7.1. */
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

/**
 * Finds the kernel in an image: VMCOREINFO and the page tables, each proving the other. In order of cost: the note,
 * the registers, a scan for VMCOREINFO, a scan for page tables. Throws UnsupportedError for a machine that is not
 * supported and FormatError, naming all that was tried, when there is no kernel to be found.
 */
export function openKernel(image: OpenImage, name: string, progress?: Progress): Kernel {
  const architectures = candidates(image, name);
  const attempts: Attempt[] = [];
  const infos = findVmcoreinfo(image, (done, total) => progress?.('looking for the kernel', done, total));
  let triedRegisters = false;
  const byRegisters = (): Kernel | undefined => {
    triedRegisters = true;
    for (const architecture of architectures) {
      const tables = pageTablesFromRegisters(image, architecture, attempts);
      if (tables) return new Kernel(image, tables, undefined);
    }
    return undefined;
  };
  for (;;) {
    // the registers cost nothing; the next VMCOREINFO may cost a scan of everything
    const hasNote = image.vmcoreinfo !== undefined || image.notes.some((n) => n.name === 'VMCOREINFO');
    if (!triedRegisters && (!hasNote || attempts.length > 0)) {
      const kernel = byRegisters();
      if (kernel) return kernel;
    }
    const next = infos.next();
    if (next.done) break;
    for (const architecture of architectures) {
      const tables = pageTablesFromVmcoreinfo(image, architecture, next.value.info, attempts);
      if (!tables) continue;
      const kernel = new Kernel(image, tables, next.value);
      const wrong = checkRelease(kernel, next.value.info);
      if (!wrong) return kernel;
      attempts.push(`${next.value.from}: ${wrong}`);
    }
  }
  for (const architecture of architectures) {
    const tables = pageTablesFromScan(image, architecture, attempts);
    if (tables) return new Kernel(image, tables, undefined);
  }
  throw new FormatError({
    file: name,
    expected: 'the memory of a Linux kernel: VMCOREINFO, or page tables that map a kernel image',
    found:
      attempts.length === 0
        ? 'neither'
        : `none that holds:\n  - ${[...new Set(attempts)].slice(0, 12).join('\n  - ')}`,
    advice:
      'If the dump is filtered or cut off, its page tables may be missing; take the dump again, whole, with VMCOREINFO (QEMU: -device vmcoreinfo)',
  });
}

function candidates(image: OpenImage, name: string): readonly Architecture[] {
  if (image.machine === undefined) return ARCHITECTURES;
  const architecture = architectureOf(image.machine);
  if (architecture) return [architecture];
  throw new UnsupportedError(
    `${name}: memory of architecture ${machineName(image.machine)}`,
    `supported is ${ARCHITECTURES.map((a) => a.name).join(', ')}`,
  );
}

/** init_uts_ns of the running kernel holds its release; a VMCOREINFO that an earlier kernel left behind points elsewhere. */
function checkRelease(kernel: Kernel, info: Vmcoreinfo): string | undefined {
  const at = info.symbol('init_uts_ns');
  if (at === undefined) return undefined;
  try {
    const bytes = kernel.space.read(at, 512, 'init_uts_ns');
    if (Buffer.from(bytes).includes(info.release)) return undefined;
    return `init_uts_ns at ${hex(at)} does not hold the release ${info.release}`;
  } catch (error) {
    // a dump may have lost this very page; the page tables did agree
    if (error instanceof FaultError) return undefined;
    throw error;
  }
}
