// What the package says about the command, made from the command itself: JSON Schemas and the manual page.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The date of the build; SOURCE_DATE_EPOCH makes builds repeatable. */
function today() {
  const { SOURCE_DATE_EPOCH } = process.env;
  const time = SOURCE_DATE_EPOCH === undefined ? Date.now() : Number(SOURCE_DATE_EPOCH) * 1000;
  return new Date(time).toISOString().slice(0, 10);
}

/** Writes schemas/ and man/ below `root` from the modules in dist/. */
export async function writeReference(root) {
  const { makeProgram } = await import('../dist/cli/program.js');
  const { schemaFiles } = await import('../dist/cli/schemas/registry.js');
  const { manualPage } = await import('../dist/cli/manual/page.js');
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const program = makeProgram({ code: 0 }, version);
  const layout = JSON.parse(readFileSync(join(root, 'layouts', 'schema.json'), 'utf8'));
  rmSync(join(root, 'schemas'), { recursive: true, force: true });
  for (const [name, schema] of schemaFiles(program, layout)) {
    const path = join(root, 'schemas', name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${JSON.stringify(schema, null, 2)}\n`);
  }
  mkdirSync(join(root, 'man'), { recursive: true });
  writeFileSync(join(root, 'man', 'structpage.1'), manualPage(program, version, today()));
}
