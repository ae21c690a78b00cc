/** Random access to the bytes of a file, a device, or anything that behaves like one. */
export interface ByteSource {
  /** What messages call it: usually the path as the user gave it. */
  readonly name: string;
  /** Length in bytes; Infinity for a device that does not say. */
  readonly byteLength: number;
  /** The open file behind it, if it is one as it is: other threads may read the same file by it. */
  readonly fd?: number;
  /**
   * Copies bytes from `offset` on into `target` and returns how many were there. Fewer than `target.length`
   * means that the source ends (or ended, for a file that shrank) after them.
   */
  readInto(offset: number, target: Uint8Array): number;
  close(): void;
}

/** Bytes that are in memory already. */
export function bytesSource(bytes: Uint8Array, name = 'memory'): ByteSource {
  return {
    name,
    byteLength: bytes.length,
    readInto(offset, target) {
      if (offset >= bytes.length) return 0;
      const part = bytes.subarray(offset, offset + target.length);
      target.set(part);
      return part.length;
    },
    close() {},
  };
}

/** Reads up to `length` bytes; the result is shorter where the source ends. */
export function readUpTo(source: ByteSource, offset: number, length: number): Uint8Array {
  const target = new Uint8Array(Math.max(0, Math.min(length, source.byteLength - offset)));
  return target.subarray(0, source.readInto(offset, target));
}

/** A DataView over the very bytes of `bytes`. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const latin1 = new TextDecoder('latin1');

/** The text up to the first NUL (or the end) from `start` on, one character a byte. */
export function cString(bytes: Uint8Array, start = 0): string {
  const end = bytes.indexOf(0, start);
  return latin1.decode(bytes.subarray(start, end < 0 ? bytes.length : end));
}

/** Whether `bytes` has exactly the characters of `text` (ASCII) at `at`. */
export function hasText(bytes: Uint8Array, text: string, at = 0): boolean {
  if (at + text.length > bytes.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}
