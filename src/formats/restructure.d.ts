/** The part of restructure 3 that structpage uses; the package has no declarations. */
declare module 'restructure' {
  export class DecodeStream {
    constructor(buffer: Uint8Array);
    pos: number;
    readUInt32LE(): number;
    readUInt32BE(): number;
    readUInt8(): number;
  }
  /** What restructure requires of a type; it does not export its own base class. */
  export interface Base<T> {
    decode(stream: DecodeStream): T;
    size(value?: T): number;
  }
  export class Struct<T extends Record<string, unknown>> implements Base<T> {
    constructor(fields: Record<string, Base<unknown>>);
    decode(stream: DecodeStream): T;
    size(value?: T): number;
    fromBuffer(bytes: Uint8Array): T;
  }
  // biome-ignore lint/suspicious/noShadowRestrictedNames: the package's own name
  export class Array<T> implements Base<T[]> {
    constructor(type: Base<T>, length: number);
    decode(stream: DecodeStream): T[];
    size(value?: T[]): number;
  }
  // biome-ignore lint/suspicious/noShadowRestrictedNames: the package's own name
  export class String implements Base<string> {
    constructor(length: number, encoding?: string);
    decode(stream: DecodeStream): string;
    size(value?: string): number;
  }
  export const uint8: Base<number>;
  export const uint16le: Base<number>;
  export const uint16be: Base<number>;
  export const uint32le: Base<number>;
  export const uint32be: Base<number>;
  export const int32le: Base<number>;
  export const int32be: Base<number>;
}
