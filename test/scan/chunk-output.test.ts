import { expect, test } from 'vitest';
import { ChunkReceiver, type SentChunk } from '../../src/scan/chunk-output.ts';
import type { NameColumn } from '../../src/table/column.ts';

function sent(codes: number[], newNames: string[]): SentChunk {
  const column = { kind: 'name', codes: Uint32Array.from(codes), names: [] } as const;
  return { count: codes.length, columns: [{ name: 'slab_cache', column, newNames }] };
}

test('names that threads have met in different orders get one code each', () => {
  const receiver = new ChunkReceiver();
  const namesOf = (chunk: SentChunk, from: string): string[] => {
    const column = receiver.receive(chunk, from).columns.get('slab_cache') as NameColumn;
    expect(new Set(column.names).size).toBe(column.names.length);
    return [...column.codes].map((code) => column.names[code]!);
  };
  expect(namesOf(sent([1, 2, 0], ['', 'dentry', 'inode']), 'a')).toEqual(['dentry', 'inode', '']);
  expect(namesOf(sent([2, 1, 0], ['', 'inode', 'task']), 'b')).toEqual(['task', 'inode', '']);
  expect(namesOf(sent([3, 2], ['task']), 'a')).toEqual(['task', 'inode']);
  // a code that no name belongs to
  expect(namesOf(sent([7, 70_000], []), 'b')).toEqual(['?7', '?70000']);
});
