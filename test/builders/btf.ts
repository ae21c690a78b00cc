/**
 * Makes BTF from text. A line is a type, and gets the next id from 1 on; indented lines are its elements:
 *
 *     int u32 4                  name, bytes; `signed`, `bits=5` or `at=2` (first bit) may follow
 *     ptr 1                      type id
 *     array 1 10                 type id, elements
 *     struct list_head 16        name (- for none), bytes; `flag` sets kind_flag; also union
 *       next 3 0                 name, type id, bit offset; `0:5` for a bit field of 5 bits (needs flag)
 *     enum color 4               `flag` for signed; enum64 likewise
 *       RED 0
 *     fwd page                   `flag` for a union
 *     typedef pgd_t 4            name, type id; also var, func, decl_tag, type_tag
 *     const 4                    type id; also volatile, restrict
 *     func_proto 1               return type; elements are name and type id
 *     datasec .data 64           elements are type id, offset, size
 *     float double 8
 *     kind 42 name 7 words=1,2,3 anything: kind, name, third word, further words; vlen=2
 */
export interface BtfOptions {
  readonly bigEndian?: boolean;
  /** Bytes of the header; 24 unless given. */
  readonly headerLength?: number;
  /** Layout section, by kind: bytes after the type, bytes of each element. */
  readonly layout?: Readonly<Record<number, readonly [fixed: number, each: number]>>;
}

const KINDS = (
  'void int ptr array struct union enum fwd typedef volatile const restrict func func_proto var datasec float ' +
  'decl_tag type_tag enum64'
).split(' ');

export function btfBytes(text: string, options: BtfOptions = {}): Uint8Array {
  const strings = new Strings();
  const words = text
    .split(/\n(?=\S)/)
    .map((block) => block.split('\n').map((line) => line.replace(/#.*/, '').trim().split(/\s+/)))
    .map((lines) => lines.filter((fields) => fields[0] !== ''))
    .filter((lines) => lines.length > 0)
    .flatMap(([head, ...elements]) => typeWords(head!, elements, strings));
  const layout = layoutBytes(options.layout);
  const header = options.headerLength ?? (layout.length > 0 ? 32 : 24);
  const typesLength = words.length * 4;
  const stringBytes = Buffer.from(strings.text, 'latin1');
  const out = new Uint8Array(header + typesLength + stringBytes.length + layout.length);
  const view = new DataView(out.buffer);
  const little = !options.bigEndian;
  view.setUint16(0, 0xeb9f, little);
  view.setUint8(2, 1);
  const fields = [header, 0, typesLength, typesLength, stringBytes.length];
  if (layout.length > 0) fields.push(typesLength + stringBytes.length, layout.length);
  for (const [i, field] of fields.entries()) view.setUint32(4 + i * 4, field, little);
  for (const [i, word] of words.entries()) view.setUint32(header + i * 4, word, little);
  out.set(stringBytes, header + typesLength);
  out.set(layout, header + typesLength + stringBytes.length);
  return out;
}

class Strings {
  text = '\0';
  readonly #offsets: Map<string, number> = new Map();
  at(name: string | undefined): number {
    if (name === undefined || name === '-') return 0;
    const found = this.#offsets.get(name);
    if (found !== undefined) return found;
    const offset = this.text.length;
    this.#offsets.set(name, offset);
    this.text += `${name}\0`;
    return offset;
  }
}

function typeWords(head: string[], elements: string[][], strings: Strings): number[] {
  const kind = head[0]!;
  const name = (at: number): number => strings.at(head[at]);
  const number = (at: number): number => Number(head[at] ?? 0);
  const option = (key: string): number | undefined => {
    const field = head.find((f) => f.startsWith(`${key}=`));
    return field === undefined ? undefined : Number(field.slice(key.length + 1));
  };
  const info = (vlen: number, kindNumber = KINDS.indexOf(kind)): number =>
    ((head.includes('flag') ? 0x80000000 : 0) | (kindNumber << 24) | vlen) >>> 0;
  switch (kind) {
    case 'int': {
      const bits = option('bits') ?? number(2) * 8;
      const encoding = ((head.includes('signed') ? 1 : 0) << 24) | ((option('at') ?? 0) << 16) | bits;
      return [name(1), info(0), number(2), encoding];
    }
    case 'ptr':
    case 'const':
    case 'volatile':
    case 'restrict':
      return [0, info(0), number(1)];
    case 'array':
      return [0, info(0), 0, number(1), 0, number(2)];
    case 'struct':
    case 'union':
      return [
        name(1),
        info(elements.length),
        number(2),
        ...elements.flatMap(([member, type, place]) => {
          const [offset, bits] = place!.split(':').map(Number);
          return [strings.at(member), Number(type), (((bits ?? 0) << 24) | offset!) >>> 0];
        }),
      ];
    case 'enum':
      return [
        name(1),
        info(elements.length),
        number(2),
        ...elements.flatMap(([constant, value]) => [strings.at(constant), Number(value) >>> 0]),
      ];
    case 'enum64':
      return [
        name(1),
        info(elements.length),
        number(2),
        ...elements.flatMap(([constant, value]) => {
          const bits = BigInt.asUintN(64, BigInt(value!));
          return [strings.at(constant), Number(bits & 0xffffffffn), Number(bits >> 32n)];
        }),
      ];
    case 'fwd':
      return [name(1), info(0), 0];
    case 'typedef':
    case 'type_tag':
    case 'func':
    case 'float':
      return [name(1), info(0), number(2)];
    case 'var':
    case 'decl_tag':
      return [name(1), info(0), number(2), 0];
    case 'func_proto':
      return [
        0,
        info(elements.length),
        number(1),
        ...elements.flatMap(([parameter, type]) => [strings.at(parameter), Number(type)]),
      ];
    case 'datasec':
      return [name(1), info(elements.length), number(2), ...elements.flat().map(Number)];
    case 'kind': {
      const words = head.find((f) => f.startsWith('words='))?.slice(6) ?? '';
      const rest = words === '' ? [] : words.split(',').map(Number);
      return [name(2), info(option('vlen') ?? 0, number(1)), number(3), ...rest];
    }
    default:
      throw new Error(`no such kind in a test: ${kind}`);
  }
}

function layoutBytes(layout: BtfOptions['layout']): Uint8Array {
  if (!layout) return new Uint8Array(0);
  const out = new Uint8Array((Math.max(...Object.keys(layout).map(Number)) + 1) * 4);
  for (const [kind, [fixed, each]] of Object.entries(layout)) out.set([fixed, each], Number(kind) * 4);
  return out;
}
