import { FormatError } from '../core/errors.ts';
import type { LayoutFile, LayoutKernel, LayoutMember, LayoutStruct } from './layout-file.ts';
import type { Confidence, Place, TypeFacts } from './type-facts.ts';

/**
 * Parses and checks a layouts/ file (layouts/schema.json).
 * @throws FormatError that names the place in the file, e.g. `structs.page.size`
 */
export function parseLayout(text: string, file: string): LayoutFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new FormatError({ file, expected: 'JSON', found: (error as Error).message });
  }
  const root = new Checked(json, '', file);
  const format = root.get('format').integer();
  if (format !== 1) {
    throw new FormatError({
      file,
      expected: 'format 1 of a layout file',
      found: `format ${format}`,
      advice: 'It was made for another version of structpage',
    });
  }
  return {
    format,
    arch: root.get('arch').text(),
    kernels: root.get('kernels').list(kernel),
    madeBy: root.get('madeBy').text(),
    structs: root.get('structs').record(struct),
    enums: root.get('enums').record((constants) => constants.record(constant)),
  };
}

/** Type facts from a layouts/ file. */
export function factsFromJson(file: LayoutFile, origin: string, confidence: Confidence): TypeFacts {
  const own = <T>(record: Readonly<Record<string, T>>, name: string): T | undefined =>
    Object.hasOwn(record, name) ? record[name] : undefined;
  return {
    origin,
    confidence,
    arch: file.arch,
    symbols: file.kernels.flatMap(({ buildId, symbols }) => (symbols ? [{ buildId, offsets: symbols }] : [])),
    structSize: (name) => own(file.structs, name)?.size,
    enumerators(name) {
      const constants = own(file.enums, name);
      return constants && new Map(Object.entries(constants).map(([key, value]) => [key, BigInt(value)]));
    },
    place(structName, path): Place | undefined {
      const member = own(own(file.structs, structName)?.members ?? {}, path);
      if (!member) return undefined;
      const { bits, ...place } = member;
      return bits ? { ...place, bits: { shift: bits[0], width: bits[1] } } : place;
    },
  };
}

function kernel(value: Checked): LayoutKernel {
  const symbols = value.optional('symbols');
  return {
    release: value.get('release').text(),
    buildId: value.get('buildId').text(/^[0-9a-f]{8,64}$/, 'hexadecimal digits'),
    package: value.get('package').text(),
    version: value.get('version').text(),
    madeFrom: value.get('madeFrom').text(),
    ...(symbols ? { symbols: symbols.record((item) => item.integer(true)) } : {}),
  };
}

function struct(value: Checked): LayoutStruct {
  const size = value.get('size').integer();
  return { size, members: value.get('members').record((item) => memberOf(item, size)) };
}

/** Parses a member and checks that it ends within its struct. */
function memberOf(value: Checked, structSize: number): LayoutMember {
  const found = member(value);
  if (found.offset + found.size > structSize) throw value.wrong(`a member within ${structSize} bytes`);
  return found;
}

function member(value: Checked): LayoutMember {
  const bits = value.optional('bits')?.list((item) => item.integer());
  if (bits && bits.length !== 2) throw value.get('bits').wrong('two numbers, the shift and the width');
  return {
    offset: value.get('offset').integer(),
    size: value.get('size').integer(),
    ...(value.has('length') ? { length: value.get('length').integer() } : {}),
    ...(bits ? { bits: [bits[0]!, bits[1]!] as const } : {}),
  };
}

function constant(value: Checked): number | string {
  return typeof value.value === 'string'
    ? value.text(/^-?[0-9]{1,20}$/, 'a number, or its decimal digits')
    : value.integer(true);
}

/** A value of the file and its path, for messages. */
class Checked {
  readonly value: unknown;
  readonly #path: string;
  readonly #file: string;

  constructor(value: unknown, path: string, file: string) {
    this.value = value;
    this.#path = path;
    this.#file = file;
  }

  wrong(expected: string): FormatError {
    const found = JSON.stringify(this.value) ?? 'nothing';
    return new FormatError({
      file: this.#file,
      expected: `${expected}${this.#path === '' ? '' : ` as ${this.#path}`}`,
      found: found.length > 60 ? `${found.slice(0, 60)}…` : found,
    });
  }

  has(key: string): boolean {
    return Object.hasOwn(this.#object(), key);
  }

  optional(key: string): Checked | undefined {
    return this.has(key) ? this.get(key) : undefined;
  }

  get(key: string): Checked {
    const object = this.#object();
    return this.#at(key, Object.hasOwn(object, key) ? object[key] : undefined);
  }

  record<T>(read: (value: Checked) => T): Record<string, T> {
    return Object.fromEntries(
      Object.entries(this.#object()).map(([key, value]) => [key, read(this.#at(key, value))]),
    );
  }

  list<T>(read: (value: Checked) => T): T[] {
    if (!Array.isArray(this.value)) throw this.wrong('a list');
    return this.value.map((value, i) => read(this.#at(String(i), value)));
  }

  text(pattern: RegExp = /./, expected = 'text'): string {
    if (typeof this.value !== 'string' || !pattern.test(this.value)) throw this.wrong(expected);
    return this.value;
  }

  integer(negative = false): number {
    const value = this.value;
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || (value < 0 && !negative)) {
      throw this.wrong(negative ? 'a whole number' : 'a whole number that is not negative');
    }
    return value;
  }

  #at(key: string, value: unknown): Checked {
    return new Checked(value, this.#path === '' ? key : `${this.#path}.${key}`, this.#file);
  }

  #object(): Record<string, unknown> {
    if (typeof this.value !== 'object' || this.value === null || Array.isArray(this.value)) {
      throw this.wrong('an object');
    }
    return this.value as Record<string, unknown>;
  }
}
