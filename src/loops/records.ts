/** Types of numbers in the memory of the loops; an `address` has 32 bits. */
export type Scalar = 'u8' | 'u16' | 'i32' | 'u32' | 'u64' | 'i64' | 'f64' | 'address';

/** Fields of a record in memory order. */
export type Fields = Readonly<Record<string, Scalar>>;

/** The type of a scalar in JavaScript. */
export type ValueOf<S extends Scalar> = S extends 'u64' | 'i64' ? bigint : number;

/** The values of a record. */
export type RecordOf<F extends Fields> = { readonly [Name in keyof F]: ValueOf<F[Name]> };

/** Parameters, each a scalar and a name (`'i32 count'`), and the result. */
export type Signature = readonly [readonly `${Scalar} ${string}`[], Scalar | 'void'];

type ArgumentOf<P> = P extends `${infer S extends Scalar} ${string}` ? ValueOf<S> : never;

type Arguments<Parameters extends readonly string[]> = {
  -readonly [I in keyof Parameters]: ArgumentOf<Parameters[I]>;
};

/** The JavaScript function of a signature. */
export type FunctionOf<S extends Signature> = (
  ...args: Arguments<S[0]>
) => S[1] extends Scalar ? ValueOf<S[1]> : void;

const BYTES: Readonly<Record<Scalar, number>> = {
  u8: 1,
  u16: 2,
  i32: 4,
  u32: 4,
  u64: 8,
  i64: 8,
  f64: 8,
  address: 4,
};

/** Offset of a field in its record, in bytes. */
export interface Place {
  readonly scalar: Scalar;
  readonly offset: number;
}

/** The memory layout of fields, computed once for each kind of record. */
interface Layout {
  readonly places: ReadonlyMap<string, Place>;
  readonly size: number;
}

const layouts = new Map<Fields, Layout>();

/** Each field is aligned to its own size, as in C; the size of the record is a multiple of that of the widest. */
function layoutOf(fields: Fields): Layout {
  let layout = layouts.get(fields);
  if (layout) return layout;
  const places = new Map<string, Place>();
  let end = 0;
  let widest = 1;
  for (const [name, scalar] of Object.entries(fields)) {
    const bytes = BYTES[scalar];
    const offset = Math.ceil(end / bytes) * bytes;
    places.set(name, { scalar, offset });
    end = offset + bytes;
    widest = Math.max(widest, bytes);
  }
  layout = { places, size: Math.ceil(end / widest) * widest };
  layouts.set(fields, layout);
  return layout;
}

/** The place of each field. */
export function placesOf(fields: Fields): ReadonlyMap<string, Place> {
  return layoutOf(fields).places;
}

/** Size of a record in bytes. */
export function sizeOf(fields: Fields): number {
  return layoutOf(fields).size;
}

/** Offset of a field in bytes. */
export function offsetOf<F extends Fields>(fields: F, field: keyof F & string): number {
  return layoutOf(fields).places.get(field)!.offset;
}

/** Writes the fields that `values` has, and leaves the others unchanged. */
export function writeRecord<F extends Fields>(
  view: DataView,
  at: number,
  fields: F,
  values: Partial<RecordOf<F>>,
): void {
  const { places } = layoutOf(fields);
  const given = values as Readonly<Record<string, number | bigint>>;
  for (const name in given) {
    const place = places.get(name);
    if (place) writeScalar(view, at + place.offset, place.scalar, given[name]!);
  }
}

/** Reads one field. */
export function readField<F extends Fields, Name extends keyof F & string>(
  view: DataView,
  at: number,
  fields: F,
  name: Name,
): ValueOf<F[Name]> {
  const { scalar, offset } = layoutOf(fields).places.get(name)!;
  return readScalar(view, at + offset, scalar) as ValueOf<F[Name]>;
}

function writeScalar(view: DataView, at: number, scalar: Scalar, value: number | bigint): void {
  switch (scalar) {
    case 'u8':
      view.setUint8(at, Number(value));
      break;
    case 'u16':
      view.setUint16(at, Number(value), true);
      break;
    case 'i32':
    case 'u32':
    case 'address':
      view.setUint32(at, Number(value), true);
      break;
    case 'u64':
    case 'i64':
      view.setBigUint64(at, BigInt(value), true);
      break;
    case 'f64':
      view.setFloat64(at, Number(value), true);
      break;
  }
}

function readScalar(view: DataView, at: number, scalar: Scalar): number | bigint {
  switch (scalar) {
    case 'u8':
      return view.getUint8(at);
    case 'u16':
      return view.getUint16(at, true);
    case 'i32':
      return view.getInt32(at, true);
    case 'u32':
    case 'address':
      return view.getUint32(at, true);
    case 'u64':
      return view.getBigUint64(at, true);
    case 'i64':
      return view.getBigInt64(at, true);
    case 'f64':
      return view.getFloat64(at, true);
  }
}
