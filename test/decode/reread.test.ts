import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { bytesSource, type Inspector, openMemory } from '../../src/index.ts';

const SAMPLE = new URL('../../examples/sample.elf.gz', import.meta.url);

/** Where in `bytes` the struct page of a pfn is. */
function placeOf(inspector: Inspector, bytes: Uint8Array, pfn: number): number {
  const { bytes: page } = inspector.reader.read(pfn, 2);
  const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(page);
  expect(at).toBeGreaterThan(0);
  return at;
}

test('what is read again is what memory says now, also of a folio that was met before', async () => {
  const bytes = new Uint8Array(gunzipSync(readFileSync(SAMPLE)));
  const inspector = await openMemory(bytesSource(bytes, 'memory that changes'));
  const rows = [...inspector.selectSync({ columns: ['order'], where: 'order == 3 && flags has head' })];
  const head = rows[0]!.batch.start + rows[0]!.rows[0]!;
  const scan = inspector.scan({ columns: ['order', 'kpageflags'] });
  // no other folio is met in between; one batch with the head in it, and one that begins behind it: its tails are told by a head that is read on its own
  for (const start of [head, head + 2]) {
    const says = (): unknown[] => {
      scan.decoder.read(start, 5);
      const { columns } = scan.decoder.batch();
      const [order, flags] = [columns.get('order'), columns.get('kpageflags')];
      return [
        order?.kind === 'number' && order.values[4],
        flags?.kind === 'word' && flags.low[4]! & 0x10, // KPF_DIRTY
      ];
    };
    const before = says();
    const at = placeOf(inspector, bytes, head);
    const { size, offsets, flags } = inspector.layout;
    expect(inspector.layout.order.kind).toBe('flags');
    const dirty = at + offsets.flags;
    const order = at + size + offsets.flags;
    const saved = [bytes[dirty]!, bytes[order]!];
    bytes[dirty] = saved[0]! ^ (1 << flags.bits.get('dirty')!);
    bytes[order] = 4;
    const after = says();
    expect(before[0]).toBe(3);
    expect(after[0]).toBe(4);
    expect(after[1]).toBe(Number(before[1]) ^ 0x10);
    bytes[dirty] = saved[0]!;
    bytes[order] = saved[1]!;
    expect(says()).toEqual(before);
  }
  inspector.close();
});
