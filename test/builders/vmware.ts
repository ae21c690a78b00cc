/** A VMware state file with regions in lines of pages: `<guest page> <page in file> <pages>`, numbers in decimal. */
export function buildVmss(
  regions: readonly (readonly [ppn: number, page: number, pages: number])[],
  memory?: Uint8Array,
): Uint8Array {
  const tags: number[] = [];
  const u32 = (n: number): number[] => [n & 255, (n >>> 8) & 255, (n >>> 16) & 255, n >>> 24];
  const tag = (name: string, indices: readonly number[], value: number): void => {
    tags.push((indices.length << 6) | 4, name.length, ...new TextEncoder().encode(name));
    for (const i of indices) tags.push(...u32(i));
    tags.push(...u32(value));
  };
  tag('regionsCount', [], regions.length);
  regions.forEach(([ppn, page, pages], i) => {
    tag('regionPPN', [i], ppn);
    tag('regionPageNum', [i], page);
    tag('regionSize', [i], pages);
  });
  const start = 12 + 2 * 80;
  if (memory) {
    tags.push((2 << 6) | 62, 6, ...new TextEncoder().encode('Memory'), ...u32(0), ...u32(0));
    tags.push(...u32(memory.length), 0, 0, 0, 0, ...u32(memory.length), 0, 0, 0, 0, 3, 0, 0, 0, 0);
  }
  const inner = memory ?? new Uint8Array(0);
  const out = new Uint8Array(start + tags.length + inner.length + 2);
  const view = new DataView(out.buffer);
  view.setUint32(0, 0xbed2bed2, true);
  view.setUint32(4, 8, true);
  view.setUint32(8, 2, true);
  out.set(new TextEncoder().encode('Checkpoint'), 12);
  view.setBigUint64(12 + 64, BigInt(out.length - 2), true);
  out.set(new TextEncoder().encode('memory'), 12 + 80);
  view.setBigUint64(12 + 80 + 64, BigInt(start), true);
  out.set(tags, start);
  out.set(inner, start + tags.length);
  return out;
}
