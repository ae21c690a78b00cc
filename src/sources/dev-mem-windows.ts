import type { PhysAddr } from '../core/address.ts';
import { locate, type Range } from '../core/ranges.ts';
import { type Mapping, mapReadOnly } from '../native/mapping.ts';

/** Size of a window in bytes: when it is mapped, the kernel enters each of its pages into our page tables. */
const WINDOW = 64 * 2 ** 20;
/** Maximum number of windows. */
const MOST = 8;

interface Window extends Range {
  readonly mapping: Mapping;
}

/**
 * Physical memory through a few mapped windows of a device, each within one range of RAM. The least recently used one is
 * unmapped first. `read` throws MapError. An address outside the ranges is never mapped, and gives 0 bytes.
 */
export class MappedWindows {
  readonly #fd: number;
  readonly #ram: readonly Range[];
  /** The most recently used is at the end. */
  readonly #windows: Window[] = [];

  constructor(fd: number, ram: readonly Range[]) {
    this.#fd = fd;
    this.#ram = ram;
  }

  read(address: PhysAddr, target: Uint8Array): number {
    let done = 0;
    while (done < target.length) {
      const at = address + done;
      const window = this.#at(at);
      if (!window) break;
      const from = at - window.start;
      const part = window.mapping.bytes.subarray(from, from + target.length - done);
      target.set(part, done);
      done += part.length;
    }
    return done;
  }

  close(): void {
    for (const window of this.#windows.splice(0)) window.mapping.unmap();
  }

  #at(address: PhysAddr): Window | undefined {
    const windows = this.#windows;
    const last = windows.at(-1);
    if (last && address >= last.start && address < last.end) return last;
    const index = windows.findIndex((w) => address >= w.start && address < w.end);
    if (index >= 0) {
      const [window] = windows.splice(index, 1);
      windows.push(window!);
      return window;
    }
    const range = this.#ram[locate(this.#ram, address)];
    if (!range || range.start > address) return undefined;
    const base = Math.floor(address / WINDOW) * WINDOW;
    const start = Math.max(base, range.start);
    const end = Math.min(base + WINDOW, range.end);
    const window = { start, end, mapping: mapReadOnly(this.#fd, start, end - start) };
    if (windows.length >= MOST) windows.shift()!.mapping.unmap();
    windows.push(window);
    return window;
  }
}
