import { PAGE_CLASSES } from '../classify/classes.ts';
import type { KernelOwners } from '../classify/kernel-owners/find-owners.ts';
import type { Pfn } from '../core/address.ts';
import type { CallSites } from '../owners/call-sites.ts';

/** What a page says of its owners; empty texts are unknown. */
export interface OwnedPage {
  readonly pfn: Pfn;
  /** The file that it caches. */
  readonly file: string;
  readonly memcg: string;
  readonly slabCache: string;
}

/** Where the owner of a page is known from, see docs/owners.md. */
type Source = 'path' | 'mapper' | 'file' | 'memcg' | 'cache' | 'kernel' | 'caller' | 'itself';

/** Of user memory: a file with a path, who maps it, a file without a path such as a memfd. */
const CACHED: readonly Source[] = ['path', 'mapper', 'file', 'memcg'];
/** Where to look for the owner of pages of a class, best first. */
const BY_CLASS: Readonly<Record<string, readonly Source[]>> = {
  ...ofEach(['', 'hole', 'free_buddy', 'free_pcp', 'hugetlb_free'], []),
  ...ofEach(['file', 'shmem', 'secretmem'], CACHED),
  ...ofEach(['anon', 'ksm', 'swap_cache', 'hugetlb', 'hwpoison'], CACHED),
  slab: ['cache'],
  ...ofEach(
    [
      'page_table',
      'kernel_image',
      'memmap',
      'percpu',
      'kernel',
      'trace_buffer',
      'dma',
      'bpf',
      'kernel_stack',
    ],
    ['kernel', 'itself'],
  ),
};
const OTHERS: readonly Source[] = ['kernel', 'mapper', 'caller', 'memcg'];

/** The best owner known of each page, as one text. Texts get codes on first use; code 0 means none. */
export class OwnerNames {
  /** Texts by code. */
  readonly names: string[] = [''];
  readonly #classes: Uint8Array;
  readonly #kernel: () => KernelOwners;
  readonly #mappers: () => { of(pfn: Pfn): string };
  readonly #callers: () => CallSites;
  readonly #codes: Map<string, number> = new Map([['', 0]]);
  readonly #sources: readonly (readonly Source[])[] = PAGE_CLASSES.map(
    ({ name }) => BY_CLASS[name] ?? OTHERS,
  );

  /** What is not asked for is not looked up. */
  constructor(parts: {
    readonly classes: Uint8Array;
    kernel(): KernelOwners;
    mappers(): { of(pfn: Pfn): string };
    callers(): CallSites;
  }) {
    this.#classes = parts.classes;
    this.#kernel = once(parts.kernel);
    this.#mappers = once(parts.mappers);
    this.#callers = once(parts.callers);
  }

  /** The code of a page's owner. */
  code(page: OwnedPage): number {
    for (const source of this.#sources[this.#classes[page.pfn] ?? 0]!) {
      const text = this.#ask(source, page);
      if (text !== '') return this.#codeOf(text);
    }
    return 0;
  }

  #ask(source: Source, { pfn, file, memcg, slabCache }: OwnedPage): string {
    switch (source) {
      case 'path':
        return file.startsWith('/') ? file : '';
      case 'file':
        return file;
      case 'mapper':
        return this.#mappers().of(pfn);
      case 'memcg':
        return memcg === '' ? '' : `cgroup ${memcg}`;
      case 'cache':
        return slabCache === '' ? '' : `slab ${slabCache}`;
      case 'kernel': {
        const owners = this.#kernel();
        return owners.names[owners.of(pfn)]!;
      }
      case 'caller': {
        const callers = this.#callers();
        return callers.names[callers.of(pfn)]!;
      }
      case 'itself':
        return 'kernel';
    }
  }

  #codeOf(text: string): number {
    let code = this.#codes.get(text);
    if (code === undefined) {
      code = this.names.push(text) - 1;
      this.#codes.set(text, code);
    }
    return code;
  }
}

function ofEach(names: readonly string[], sources: readonly Source[]): Record<string, readonly Source[]> {
  return Object.fromEntries(names.map((name) => [name, sources]));
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
