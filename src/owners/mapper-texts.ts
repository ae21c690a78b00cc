import type { Pfn } from '../core/address.ts';
import { readOr } from '../core/errors.ts';
import { nameSome } from '../objects/name-some.ts';
import type { Objects } from '../objects/objects.ts';
import { areaNames } from './area-names.ts';
import type { Area } from './areas.ts';
import type { FileNames } from './file-names.ts';
import type { MapperNames } from './mapper-names.ts';
import type { Process } from './processes.ts';

/** Who maps a page, in words: `web[214] [heap]`, or several processes without their areas. */
export class MapperTexts {
  readonly #objects: Objects;
  readonly #files: FileNames;
  readonly #mappers: MapperNames;
  readonly #byArea: Map<Area, string> = new Map();
  readonly #several: string[] = [];

  constructor(objects: Objects, files: FileNames, mappers: MapperNames) {
    this.#objects = objects;
    this.#files = files;
    this.#mappers = mappers;
  }

  /** Empty if no process maps the page. */
  of(pfn: Pfn): string {
    const code = this.#mappers.code(pfn);
    if (code === 0) return '';
    if (this.#mappers.pidNames[code]!.includes(',')) return this.#textOf(code, pfn);
    const [{ process, page }] = this.#mappers.mappersOf(pfn) as [{ process: Process; page: number }];
    const address = page * this.#objects.memory.format.pageSize;
    const area = areaAt(process.areas, address);
    if (!area) return `${process.comm}[${process.pid}]`;
    let text = this.#byArea.get(area);
    if (text === undefined) {
      const name = readOr('', () => areaNames(this.#objects, this.#files, process.mm, area).name);
      text = `${process.comm}[${process.pid}]${name === '' ? '' : ` ${name}`}`;
      this.#byArea.set(area, text);
    }
    return text;
  }

  #textOf(code: number, pfn: Pfn): string {
    let text = this.#several[code];
    if (text === undefined) {
      const processes = new Set(this.#mappers.mappersOf(pfn).map(({ process }) => process));
      text = nameSome([...processes].map(({ comm, pid }) => `${comm}[${pid}]`));
      this.#several[code] = text;
    }
    return text;
  }
}

/** The area that contains an address, among areas by ascending start. */
function areaAt(areas: readonly Area[], address: number): Area | undefined {
  let low = 0;
  let high = areas.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (areas[middle]!.end <= address) low = middle + 1;
    else high = middle;
  }
  const found = areas[low];
  return found && found.start <= address ? found : undefined;
}
