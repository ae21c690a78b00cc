// One build for every customer: compiles src/ to dist/ with tsc and marks the command as runnable.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleCommand, bundlePage, bundleWorker } from './bundle.mjs';
import { keepBytecode } from './bytecode.mjs';
import { writeAssembly } from './loops-abi.mjs';
import { writeReference } from './reference.mjs';
import { differences } from './wasm-signatures.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
rmSync(join(root, 'dist'), { recursive: true, force: true });
const types = spawnSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json')], {
  stdio: 'inherit',
  cwd: root,
});
if (types.status !== 0) process.exit(1);
// the loops; their border to the rest is made from abi.ts
const abi = await import('../dist/loops/abi.js');
writeAssembly(
  join(root, 'src', 'loops', 'assembly', 'generated'),
  abi,
  await import('../dist/loops/records.js'),
);
const asc = await import('assemblyscript/asc');
const compiled = await asc.main(
  [
    'src/loops/assembly/generated/index.ts',
    '--outFile',
    'dist/loops/loops.wasm',
    '--baseDir',
    root,
    ...[
      '-O3',
      '--converge',
      '--noAssert',
      '--importMemory',
      '--enable',
      'simd',
      '--enable',
      'threads',
      '--sharedMemory',
      '--maximumMemory',
      '1280',
      '--runtime',
      'stub',
    ],
  ],
  { stdout: process.stdout, stderr: process.stderr },
);
if (compiled.error) {
  process.stderr.write(`the loops do not compile: ${compiled.error.message}\n`);
  process.exit(1);
}
const wrong = differences(readFileSync(join(root, 'dist', 'loops', 'loops.wasm')), abi);
if (wrong.length > 0) {
  process.stderr.write(`the loops are not what src/loops/abi.ts says:\n${wrong.join('\n')}\n`);
  process.exit(1);
}
await writeReference(root);
// pages of HTML: their scripts run in a browser, and know its types instead of those of Node.js
const pages = join(root, 'src', 'map', 'page');
const checked = spawnSync(process.execPath, [tsc, '-p', pages], { stdio: 'inherit', cwd: root });
if (checked.status !== 0) process.exit(1);
const madePages = join(root, 'dist', 'map', 'page');
mkdirSync(madePages);
for (const name of ['map', 'treemap']) {
  writeFileSync(join(madePages, `${name}.js`), await bundlePage(join(pages, `${name}.ts`)));
  copyFileSync(join(pages, `${name}.html`), join(madePages, `${name}.html`));
}
copyFileSync(join(pages, 'page.css'), join(madePages, 'page.css'));
// the command and the worker are bundled, the library stays as it is
const cli = join(root, 'dist', 'cli');
const worker = join(root, 'dist', 'scan', 'worker.js');
const [command, thread] = await Promise.all([bundleCommand(join(cli, 'main.js')), bundleWorker(worker)]);
rmSync(cli, { recursive: true });
mkdirSync(cli);
for (const [name, code] of command) writeFileSync(join(cli, name), code);
writeFileSync(worker, thread);
writeFileSync(join(cli, 'package.json'), '{ "type": "commonjs" }\n');
copyFileSync(join(root, 'scripts', 'entry.cjs'), join(cli, 'main.js'));
chmodSync(join(cli, 'main.js'), 0o755);
const start = spawnSync(process.execPath, [join(cli, 'main.js'), '--version'], { encoding: 'utf8' });
if (start.status !== 0) {
  process.stderr.write(
    `the command does not start; a module may use a room of scripts/bundle.mjs while it is loaded\n${start.stderr}`,
  );
  process.exit(1);
}
keepBytecode(cli, join(root, 'examples', 'sample.elf.gz'));
