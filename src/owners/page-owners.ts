import type { Pfn, VirtAddr } from '../core/address.ts';
import { LayoutError, StructPageError } from '../core/errors.ts';
import type { Objects } from '../objects/objects.ts';
import { CallSites } from './call-sites.ts';
import { FileNames } from './file-names.ts';
import type { MapperNames } from './mapper-names.ts';
import { MapperTexts } from './mapper-texts.ts';
import { MemcgNames } from './memcg-names.ts';

/**
 * The owners of pages, by words of their struct pages. Names get codes on first use; code 0 means none. It reads memory, so
 * only the thread that opened the image can use it.
 */
export class PageOwners {
  /** Names of files by code. */
  readonly fileNames: string[] = [''];
  /** Paths of memory cgroups by code. */
  readonly memcgNames: string[] = [''];
  /** What could not be read, one sentence each. */
  readonly troubles: string[] = [];
  readonly #objects: Objects;
  readonly #files: FileNames;
  readonly #findMappers: () => MapperNames;
  #mappers: MapperNames | undefined;
  #texts: MapperTexts | undefined;
  #callSites: CallSites | undefined;
  readonly #inodesOf: Map<number, Set<VirtAddr>> = new Map();
  readonly #inodes: Map<bigint, bigint | undefined> = new Map();
  readonly #memcgs: MemcgNames | undefined;
  readonly #byMapping: Map<bigint, number> = new Map();
  readonly #fileCodes: Map<string, number> = new Map([['', 0]]);
  readonly #memcgCodes: Map<string, number> = new Map([['', 0]]);

  /** `mappers` finds the processes that map pages, on first use. */
  constructor(objects: Objects, mappers: (trouble: (sentence: string) => void) => MapperNames) {
    const trouble = (sentence: string): void => {
      this.troubles.push(sentence);
    };
    this.#objects = objects;
    this.#findMappers = () => mappers(trouble);
    this.#files = new FileNames(objects, trouble);
    try {
      this.#memcgs = new MemcgNames(objects, trouble);
    } catch (error) {
      if (!(error instanceof LayoutError)) throw error;
    }
  }

  /** The code of the file of an address_space, to which `mapping` of its pages points. */
  file(mapping: VirtAddr): number {
    let file = this.#byMapping.get(mapping);
    if (file === undefined) {
      file = this.#find(mapping);
      this.#byMapping.set(mapping, file);
    }
    return file;
  }

  /** The code of the cgroup that `memcg_data` of a folio's head names. */
  memcg(word: bigint): number {
    const name = this.#memcgs?.of(word) ?? '';
    return codeOf(name, this.#memcgCodes, this.memcgNames);
  }

  /** All names of the file with a code: by each link, through each mount. */
  namesOf(code: number): string[] {
    return [...(this.#inodesOf.get(code) ?? [])].flatMap((inode) => this.#files.namesOf(inode));
  }

  /** The inode number of the file of an address_space; undefined if it has none. */
  inode(mapping: VirtAddr): bigint | undefined {
    if (this.#inodes.has(mapping)) return this.#inodes.get(mapping);
    const number = this.#attempt(undefined, () => {
      const inode = this.#inodeOf(mapping);
      return inode === undefined ? undefined : this.#objects.struct('inode').word(inode, 'i_ino');
    });
    this.#inodes.set(mapping, number);
    return number;
  }

  /** The processes that map pages, determined once. */
  get mappers(): MapperNames {
    this.#mappers ??= this.#findMappers();
    return this.#mappers;
  }

  /** Who maps each page in words, determined once. */
  get mapperTexts(): { of(pfn: Pfn): string } {
    this.#texts ??= new MapperTexts(this.#objects, this.#files, this.mappers);
    return this.#texts;
  }

  /** The callers of vmalloc(), determined once; `pfnOf` returns the page frame of a struct page. */
  callSites(pfnOf: (page: VirtAddr) => Pfn | undefined): CallSites {
    this.#callSites ??= new CallSites(this.#objects, pfnOf, (sentence) => this.troubles.push(sentence));
    return this.#callSites;
  }

  #find(mapping: VirtAddr): number {
    return this.#attempt(0, () => {
      const inode = this.#inodeOf(mapping);
      const name = inode === undefined ? undefined : this.#files.ofInode(inode);
      const code = codeOf(name ?? '', this.#fileCodes, this.fileNames);
      if (inode !== undefined && code !== 0) {
        const inodes = this.#inodesOf.get(code);
        if (inodes) inodes.add(inode);
        else this.#inodesOf.set(code, new Set([inode]));
      }
      return code;
    });
  }

  /** A pointer elsewhere leads to no address_space, or to one without a file (swap). */
  #inodeOf(mapping: VirtAddr): VirtAddr | undefined {
    const inode = this.#objects.struct('address_space').word(mapping, 'host');
    if (inode === 0n) return undefined;
    return this.#objects.struct('inode').word(inode, 'i_mapping') === mapping ? inode : undefined;
  }

  #attempt<T>(otherwise: T, read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof StructPageError)) throw error;
      if (this.troubles.length === 0)
        this.troubles.push(`the file of a page cannot be read: ${error.message}`);
      return otherwise;
    }
  }
}

function codeOf(name: string, codes: Map<string, number>, names: string[]): number {
  let code = codes.get(name);
  if (code === undefined) {
    code = names.push(name) - 1;
    codes.set(name, code);
  }
  return code;
}
