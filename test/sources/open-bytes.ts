import { expect } from 'vitest';
import { bytesSource } from '../../src/core/bytes.ts';
import type { OpenContext, OpenImage } from '../../src/sources/image-format.ts';
import { openImages } from '../../src/sources/open-image.ts';
import { pageContent } from '../builders/content.ts';

/** Opens files that are in memory, named file1, file2, ... */
export function openBytes(
  files: Uint8Array | readonly Uint8Array[],
  context?: OpenContext,
): Promise<OpenImage> {
  const list = files instanceof Uint8Array ? [files] : files;
  return openImages(
    list.map((bytes, i) => bytesSource(bytes, `file${i + 1}`)),
    context,
  );
}

/** The state of each page from 0 on: `.` hole, `x` excluded, `t` truncated, `d` damaged, `u` unreadable, or what it holds. */
export function pagesOf(image: OpenImage, count: number, size = 4096): string {
  const letters = { hole: '.', excluded: 'x', truncated: 't', damaged: 'd', unreadable: 'u', present: '?' };
  const bytes = new Uint8Array(size);
  let out = '';
  for (let pfn = 0; pfn < count; pfn++) {
    const got = image.memory.readInto(pfn * size, bytes);
    if (got < size) out += letters[image.memory.runAt(pfn * size + got).state];
    else if (Buffer.compare(bytes, pageContent(pfn, size)) === 0) out += '=';
    else out += bytes.every((b) => b === 0) ? '0' : '!';
  }
  return out;
}

/** Holds runs against runAt and readInto: sorted, disjoint, and the same answer from each. */
export function checkRuns(image: OpenImage): void {
  let end = 0;
  const bytes = new Uint8Array(1);
  for (const run of image.memory.runs) {
    expect(run.start).toBeGreaterThanOrEqual(end);
    expect(run.end).toBeGreaterThan(run.start);
    end = run.end;
    for (const at of [run.start, run.end - 1]) {
      const there = image.memory.runAt(at);
      expect(there.start).toBeLessThanOrEqual(at);
      expect(there.end).toBeGreaterThan(at);
      if (there.state !== 'damaged' && there.state !== 'truncated') expect(there.state).toBe(run.state);
      expect(image.memory.readInto(at, bytes)).toBe(there.state === 'present' ? 1 : 0);
    }
  }
}
