// Which slab caches hold the most memory? Sums pages by cache over a dump, batch by batch.
// Run: node examples/slab-by-cache.mjs [DUMP]
import { openMemory } from 'structpage';

const dump = process.argv[2] ?? new URL('sample.elf.gz', import.meta.url).pathname;
const memory = await openMemory(dump);
/** @type {Map<string, number>} */
const pages = new Map();
for await (const { batch, rows } of memory.select({ columns: ['slab_cache'], where: 'type == slab' })) {
  const { codes, names } = batch.columns.get('slab_cache');
  for (const row of rows) {
    const name = names[codes[row]];
    pages.set(name, (pages.get(name) ?? 0) + 1);
  }
}
const pageBytes = memory.kernel.pageBytes;
memory.close();
for (const [name, count] of [...pages].sort((a, b) => b[1] - a[1]).slice(0, 10)) {
  console.log(`${name.padEnd(24)} ${String((count * pageBytes) / 1024).padStart(6)} KiB`);
}
