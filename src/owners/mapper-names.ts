import type { Pfn } from '../core/address.ts';
import { VM_PFNMAP } from './areas.ts';
import type { Process, Processes } from './processes.ts';
import { type MappingSink, ReverseIndex, type TellMappings } from './reverse-index.ts';

/** Names of the processes that map pages. Sets of processes get codes on first use; code 0 means none. */
export class MapperNames {
  /** Process ids by code, separated by commas. */
  readonly pidNames: string[] = [''];
  /** The same with their names: `web[214], web[215]`. */
  readonly processNames: string[] = [''];
  readonly #list: readonly Process[];
  readonly #index: ReverseIndex;
  readonly #codes: Map<string, number> = new Map();
  readonly #alone: number[] = [];

  constructor(list: readonly Process[], index: ReverseIndex) {
    this.#list = list;
    this.#index = index;
  }

  /** The code of the set of processes that map a page. */
  code(pfn: Pfn): number {
    if (this.#index.countOf(pfn) === 0) return 0;
    const mappers = this.#index.mappersOf(pfn);
    const first = mappers[0]!.process;
    if (mappers.every((m) => m.process === first)) {
      this.#alone[first] ??= this.#add([first]);
      return this.#alone[first];
    }
    const numbers = [...new Set(mappers.map((m) => m.process))];
    const key = numbers.join();
    let code = this.#codes.get(key);
    if (code === undefined) {
      code = this.#add(numbers);
      this.#codes.set(key, code);
    }
    return code;
  }

  /** The page number of the first address at which the first process maps a page; undefined if none does. */
  firstPage(pfn: Pfn): number | undefined {
    return this.#index.countOf(pfn) === 0 ? undefined : this.#index.mappersOf(pfn)[0]!.page;
  }

  /** The processes that map a page, each with the page number of the address. */
  mappersOf(pfn: Pfn): { readonly process: Process; readonly page: number }[] {
    return this.#index.mappersOf(pfn).map(({ process, page }) => ({ process: this.#list[process]!, page }));
  }

  #add(numbers: readonly number[]): number {
    const processes = numbers.map((n) => this.#list[n]!);
    this.pidNames.push(processes.map((p) => p.pid).join());
    return this.processNames.push(processes.map((p) => `${p.comm}[${p.pid}]`).join(', ')) - 1;
  }
}

/** Walks the memory of all processes. Memory that `changes` is walked only once, and the result is kept in our memory. */
export function mapperNames(
  processes: Processes,
  limit: Pfn,
  pageBytes: number,
  changes: boolean,
): MapperNames {
  const list = processes.list();
  const walk: TellMappings = (sink) => {
    for (const [number, process] of list.entries()) {
      processes.walk(process, {
        page: (area, address, pfn, count) => {
          if (!(area.flags & VM_PFNMAP)) sink.one(number, address / pageBytes, pfn, count);
        },
        pages: (area, address, frames, slots, count) => {
          if (!(area.flags & VM_PFNMAP)) sink.many(number, address / pageBytes, frames, slots, count);
        },
      });
    }
  };
  return new MapperNames(list, new ReverseIndex(limit, list.length, changes ? recorded(walk) : walk));
}

/** Records callbacks to replay them. */
function recorded(walk: TellMappings): TellMappings {
  const numbers: number[] = [];
  const one: MappingSink['one'] = (...mapping) => numbers.push(...mapping);
  walk({
    one,
    many: (process, page, frames, slots, count) => {
      for (let i = 0; i < count; i++) one(process, page + slots[i]!, frames[i]!, 1);
    },
  });
  return (sink) => {
    for (let i = 0; i < numbers.length; i += 4) {
      sink.one(numbers[i]!, numbers[i + 1]!, numbers[i + 2]!, numbers[i + 3]!);
    }
  };
}
