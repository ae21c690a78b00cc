// Writes layouts/index.json, by which a kernel's layout is found without a directory scan. Run it after adding a file.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('../layouts/', import.meta.url);
const kernels = [];
for (const arch of readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
  for (const name of readdirSync(new URL(`${arch.name}/`, root)).filter((file) => file.endsWith('.json'))) {
    const layout = JSON.parse(readFileSync(new URL(`${arch.name}/${name}`, root), 'utf8'));
    for (const { release, buildId } of layout.kernels) {
      kernels.push({ arch: layout.arch, release, buildId, file: `${arch.name}/${name}` });
    }
  }
}
const collator = new Intl.Collator('en', { numeric: true });
kernels.sort((a, b) => collator.compare(a.arch, b.arch) || collator.compare(a.release, b.release));
const lines = kernels.map((kernel) => `    ${JSON.stringify(kernel)}`).join(',\n');
writeFileSync(new URL('index.json', root), `{\n  "kernels": [\n${lines}\n  ]\n}\n`);
console.error(`${kernels.length} kernels in ${fileURLToPath(new URL('index.json', root))}`);
