// One build for every customer: compiles src/ to dist/ with tsc and marks the command as runnable.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
rmSync(join(root, 'dist'), { recursive: true, force: true });
execFileSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json')], {
  stdio: 'inherit',
  cwd: root,
});
// the hot loops
mkdirSync(join(root, 'dist', 'kernels'), { recursive: true });
const asc = await import('assemblyscript/asc');
const compiled = await asc.main(
  [
    'src/kernels/assembly/index.ts',
    '--outFile',
    'dist/kernels/kernels.wasm',
    '--baseDir',
    root,
    ...['-O3', '--converge', '--noAssert', '--importMemory', '--runtime', 'stub'],
  ],
  { stdout: process.stdout, stderr: process.stderr },
);
if (compiled.error) {
  process.stderr.write(`the kernels do not compile: ${compiled.error.message}\n`);
  process.exit(1);
}
// start-up is mostly the loading of modules: the command is one file, the library stays as it is
const main = join(root, 'dist', 'cli', 'main.js');
const bundle = await rolldown({
  input: main,
  platform: 'node',
  external: [/^node:/, 'koffi', 'fzstd'],
  logLevel: 'silent',
});
const { output } = await bundle.generate({ format: 'esm', codeSplitting: false });
await bundle.close();
rmSync(dirname(main), { recursive: true });
mkdirSync(dirname(main));
writeFileSync(main, output[0].code);
chmodSync(join(root, 'dist', 'cli', 'main.js'), 0o755);
