// What the package says about the command, made from the command itself: JSON Schemas and the manual page.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Writes schemas/ and man/ below `root` from the modules in dist/. */
export async function writeReference(root) {
  const { makeProgram } = await import('../dist/cli/program.js');
  const { schemaFiles } = await import('../dist/cli/schemas/registry.js');
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const program = makeProgram({ code: 0 }, version);
  const layout = JSON.parse(readFileSync(join(root, 'layouts', 'schema.json'), 'utf8'));
  rmSync(join(root, 'schemas'), { recursive: true, force: true });
  for (const [name, schema] of schemaFiles(program, layout)) {
    const path = join(root, 'schemas', name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${JSON.stringify(schema, null, 2)}\n`);
  }
}
