// Where did my memory go? Pages that somebody holds and no counter names: no type, no mapping, not reserved.
// Run: node examples/unaccounted.mjs [DUMP]
import { cellTexts, openMemory } from 'structpage';

const dump = process.argv[2] ?? new URL('sample.elf.gz', import.meta.url).pathname;
const columns = ['pfn', 'page', 'refcount', 'order', 'zone', 'private', 'flags'];
const where =
  'type is empty && mapping_kind == none && mapcount == 0 && refcount > 0 && !(flags has reserved)';
const memory = await openMemory(dump);
console.log(columns.join(' '));
for await (const { batch, rows } of memory.select({ columns, where, limit: 10 })) {
  const cells = cellTexts(batch, columns);
  for (const row of rows) console.log(cells.map((cell) => cell(row) || '-').join(' '));
}
memory.close();
