/** Random access to the bytes of a file, a device, or anything that behaves like one. */
export interface ByteSource {
  /** Its name in messages, usually the path as the user gave it. */
  readonly name: string;
  /** Length in bytes; Infinity for a device that does not report one. */
  readonly byteLength: number;
  /** The file descriptor, if the source is a plain file: other threads can read the same file through it. */
  readonly fd?: number;
  /**
   * Copies bytes from `offset` on into `target` and returns their number. Fewer than `target.length` means that the source
   * ends there, or ended there because the file shrank.
   */
  readInto(offset: number, target: Uint8Array): number;
  close(): void;
}

/** A source whose bytes are in memory. */
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

/** A DataView over the memory of `bytes`. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const latin1 = new TextDecoder('latin1');

/** The text from `start` to the first NUL or the end, one character per byte. */
export function cString(bytes: Uint8Array, start = 0): string {
  const end = bytes.indexOf(0, start);
  return latin1.decode(bytes.subarray(start, end < 0 ? bytes.length : end));
}

/** Whether `bytes` has the characters of `text` (ASCII) at `at`. */
export function hasText(bytes: Uint8Array, text: string, at = 0): boolean {
  if (at + text.length > bytes.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}
