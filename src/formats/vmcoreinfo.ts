import { FormatError } from '../core/errors.ts';

/** Longer text is not VMCOREINFO: the kernel keeps it within one page (kernel/vmcore_info.c). */
export const MAX_VMCOREINFO = 65536;

/**
 * The kernel's description of itself for programs that read its memory: lines of `KEY=value` (kernel/kexec.c,
 * kernel/crash_core.c, now kernel/vmcore_info.c).
 */
export class Vmcoreinfo {
  readonly text: string;
  readonly #values: Map<string, string> = new Map();

  private constructor(text: string) {
    this.text = text;
    for (const line of text.split('\n')) {
      const at = line.indexOf('=');
      if (at > 0 && !this.#values.has(line.slice(0, at)))
        this.#values.set(line.slice(0, at), line.slice(at + 1));
    }
  }

  /** Parses text that claims to be VMCOREINFO. Throws FormatError if it lacks the lines that every kernel writes. */
  static parse(text: string, origin: string): Vmcoreinfo {
    const end = text.indexOf('\0');
    const info = new Vmcoreinfo(end < 0 ? text : text.slice(0, end));
    for (const key of ['OSRELEASE', 'PAGESIZE']) {
      if (!info.#values.get(key)) {
        throw new FormatError({
          file: origin,
          expected: `VMCOREINFO with a line ${key}=`,
          found: info.text === '' ? 'an empty text' : `a text of ${info.#values.size} lines without it`,
        });
      }
    }
    return info;
  }

  /** All lines as key and value, e.g. `OFFSET(page.flags)` and `0`. */
  entries(): Iterable<readonly [string, string]> {
    return this.#values;
  }

  /** The raw value of a line, e.g. `get('OSRELEASE')` or `get('KERNELOFFSET')`. */
  get(key: string): string | undefined {
    return this.#values.get(key);
  }

  /** SYMBOL(name): an address (hexadecimal without 0x). */
  symbol(name: string): bigint | undefined {
    return parse(this.#values.get(`SYMBOL(${name})`), 16);
  }

  /** NUMBER(name): signed decimal, or hexadecimal with 0x. */
  number(name: string): bigint | undefined {
    return parse(this.#values.get(`NUMBER(${name})`), 10);
  }

  /** A number with its own line in hexadecimal (`KERNELOFFSET=1f000000`), or NUMBER(name). */
  value(name: string): bigint | undefined {
    return this.number(name) ?? parse(this.#values.get(name), 16);
  }

  /** SIZE(name) in bytes. */
  size(name: string): number | undefined {
    return toNumber(parse(this.#values.get(`SIZE(${name})`), 10));
  }

  /** OFFSET(struct.member) in bytes. */
  offset(name: string): number | undefined {
    return toNumber(parse(this.#values.get(`OFFSET(${name})`), 10));
  }

  /** LENGTH(name): the number of elements of an array. */
  length(name: string): number | undefined {
    return toNumber(parse(this.#values.get(`LENGTH(${name})`), 10));
  }

  get release(): string {
    return this.#values.get('OSRELEASE') ?? '';
  }

  get buildId(): string | undefined {
    return this.#values.get('BUILD-ID');
  }

  get pageSize(): number {
    return Number(this.#values.get('PAGESIZE'));
  }
}

function parse(text: string | undefined, radix: 10 | 16): bigint | undefined {
  if (text === undefined) return undefined;
  if (/^0x[0-9a-f]{1,16}$/i.test(text)) return BigInt(text);
  if (radix === 16) return /^[0-9a-f]{1,16}$/i.test(text) ? BigInt(`0x${text}`) : undefined;
  return /^-?[0-9]{1,20}$/.test(text) ? BigInt(text) : undefined;
}

function toNumber(value: bigint | undefined): number | undefined {
  return value === undefined || value < 0n || value > 0xffffffffffffn ? undefined : Number(value);
}
