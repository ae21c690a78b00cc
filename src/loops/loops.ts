import { readFileSync } from 'node:fs';
import { UnsupportedError } from '../core/errors.ts';
import { type FUNCTIONS, type HOST, SETTINGS } from './abi.ts';
import {
  type Fields,
  type FunctionOf,
  type RecordOf,
  readField,
  type Signature,
  sizeOf,
  type ValueOf,
  writeRecord,
} from './records.ts';

/** An address in the memory of the loops. */
export type Address = number;

type Signed<Functions extends Readonly<Record<string, Signature>>> = {
  readonly [Name in keyof Functions]: FunctionOf<Functions[Name]>;
};
type Together<Union> = (Union extends unknown ? (all: Union) => void : never) extends (all: infer All) => void
  ? All
  : never;

/** Functions of the host that the loops call. */
export type LoopHost = Signed<typeof HOST>;

/** The functions of loops.wasm, documented in src/loops/assembly. 64-bit words are bigints. */
export type LoopExports = Together<
  { [File in keyof typeof FUNCTIONS]: Signed<(typeof FUNCTIONS)[File]> }[keyof typeof FUNCTIONS]
>;

/** Groups of settings. */
export type Setting = keyof typeof SETTINGS;

const WASM_PAGE = 65536;
/** Address space of an instance, as in scripts/build.mjs; untouched memory costs nothing. */
const MEMORY_PAGES = 1280;
/** The first bytes are the module's own. */
const FIRST_FREE = WASM_PAGE;

/** dist/ of this package, as seen from src/ and from dist/. */
const WASM: URL = new URL('../../dist/loops/loops.wasm', import.meta.url);
let compiled: WebAssembly.Module | undefined;

/**
 * An instance of the loops with its own memory, which is allocated and never freed. Other threads can access arrays in it.
 */
export class Loops {
  readonly run: LoopExports;
  readonly #memory: WebAssembly.Memory;
  readonly #view: DataView;
  readonly #setters: Readonly<Record<string, (record: Address) => void>>;
  readonly #setting: Address;
  #next = FIRST_FREE;

  constructor(host: LoopHost) {
    compiled ??= new WebAssembly.Module(readFileSync(WASM));
    this.#memory = reserve();
    const instance = new WebAssembly.Instance(compiled, {
      env: { memory: this.#memory, abort: aborted },
      host: {
        readHead: (pfn) => host.readHead(pfn),
        pfnOf: (low, high) => host.pfnOf(low, high),
        slabCache: (low, high) => host.slabCache(low, high),
      } satisfies LoopHost,
    });
    this.run = instance.exports as LoopExports;
    this.#setters = instance.exports as Record<string, (record: Address) => void>;
    this.#view = new DataView(this.#memory.buffer);
    this.#setting = this.allocate(Math.max(...Object.values(SETTINGS).map(sizeOf)));
  }

  /** Allocates zeroed memory of `bytes`, with room after it for writes in words. */
  allocate(bytes: number): Address {
    const at = this.#next;
    this.#next = (at + bytes + 64 + 63) & ~63;
    if (this.#next > MEMORY_PAGES * WASM_PAGE) {
      throw new UnsupportedError(
        `more than ${MEMORY_PAGES * WASM_PAGE} bytes for names and tables of one dump`,
        'leave the columns away that hold names',
      );
    }
    return at;
  }

  /** Makes all settings of a group. */
  set<S extends Setting>(group: S, values: RecordOf<(typeof SETTINGS)[S]>): void {
    const fields: Fields = SETTINGS[group];
    writeRecord(this.#view, this.#setting, fields, values as RecordOf<Fields>);
    this.#setters[`set${group}`]!(this.#setting);
  }

  /** Writes the fields of a record that `values` has. */
  write<F extends Fields>(at: Address, fields: F, values: Partial<RecordOf<F>>): void {
    writeRecord(this.#view, at, fields, values);
  }

  /** Writes a table of records. */
  place<F extends Fields>(fields: F, records: readonly RecordOf<F>[]): Address {
    const bytes = sizeOf(fields);
    const at = this.allocate(records.length * bytes);
    for (const [i, record] of records.entries()) this.write(at + i * bytes, fields, record);
    return at;
  }

  /** Reads a field of a record. */
  read<F extends Fields, Name extends keyof F & string>(
    at: Address,
    fields: F,
    name: Name,
  ): ValueOf<F[Name]> {
    return readField(this.#view, at, fields, name);
  }

  bytes(at: Address, length: number): Uint8Array {
    return new Uint8Array(this.#memory.buffer, at, length);
  }

  words(at: Address, length: number): Uint32Array {
    return new Uint32Array(this.#memory.buffer, at, length);
  }

  shorts(at: Address, length: number): Uint16Array {
    return new Uint16Array(this.#memory.buffer, at, length);
  }

  ints(at: Address, length: number): Int32Array {
    return new Int32Array(this.#memory.buffer, at, length);
  }

  longs(at: Address, length: number): BigUint64Array {
    return new BigUint64Array(this.#memory.buffer, at, length);
  }

  doubles(at: Address, length: number): Float64Array {
    return new Float64Array(this.#memory.buffer, at, length);
  }

  /** Whether these bytes are in this instance's memory. */
  holds(bytes: Uint8Array): boolean {
    return bytes.buffer === this.#memory.buffer;
  }
}

function reserve(): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: MEMORY_PAGES, maximum: MEMORY_PAGES, shared: true });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UnsupportedError(
      'the address space of this process is too small for the loops',
      "raise its limit ('ulimit -v'), use fewer threads, or run Node.js with --disable-wasm-trap-handler, which makes do with 2 GB",
    );
  }
}

function aborted(): never {
  throw new Error('a loop aborted');
}
