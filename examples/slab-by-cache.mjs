// Which slab caches hold the most memory? Sums pages by cache over a dump, batch by batch.
// Run: node examples/slab-by-cache.mjs [DUMP]
import { openMemory } from 'structpage';

const dump = process.argv[2] ?? new URL('sample.elf.gz', import.meta.url).pathname;
const inspector = await openMemory(dump);
const pages = new Map();
for await (const { batch, rows } of inspector.select({ columns: ['slab_cache'], where: 'type == slab' })) {
  const cache = batch.columns.get('slab_cache');
  for (const row of rows) {
    const name = cache.names[cache.codes[row]];
    pages.set(name, (pages.get(name) ?? 0) + 1);
  }
}
inspector.close();
for (const [name, count] of [...pages].sort((a, b) => b[1] - a[1]).slice(0, 10)) {
  console.log(`${name.padEnd(24)} ${String(count * 4).padStart(6)} KiB`);
}
