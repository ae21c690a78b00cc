// The command as few scripts: start-up is mostly the loading of them. What nearly every run needs is one script; each room is another, loaded
// when something of it is first used.
import { rolldown } from 'rolldown';

/** Parts of the command that few runs need. Nothing of them may be used while modules are loaded, or they would be loaded by every run. */
const ROOMS = [
  {
    name: 'objects',
    test: /dist\/(objects\/|owners\/|referrers\/|classify\/(?!classes\.)|proc\/(?!registry\.))/,
  },
  { name: 'types', test: /dist\/(formats\/(btf|dwarf|kallsyms)\/|layout\/extract\.)/ },
  {
    name: 'machine',
    test: /dist\/(native\/|sources\/(kcore|qmp|qmp-client)\.|inspector\/(doctor|verify-live))/,
  },
  { name: 'sql', test: /dist\/(sql\/|cli\/sql-(prompt|results)\.)/ },
  { name: 'diff', test: /dist\/(diff\/|cli\/diff-text\.)|node_modules\/hyparquet\// },
  { name: 'fleet', test: /dist\/fleet\// },
  { name: 'top', test: /dist\/(top\/|metrics\/|cli\/(top-session|terminal|metrics-server)\.)/ },
  { name: 'snapshot', test: /dist\/snapshot\// },
  { name: 'map', test: /dist\/map\/(?!options\.)/ },
  { name: 'shell', test: /dist\/cli\/completion\// },
  { name: 'typed', test: /dist\/(export\/(parquet|arrow)\/|inspector\/about\.)/ },
  {
    name: 'reports',
    test: /dist\/(inspector\/(explain-|info|extract-layout|page-words|features|contents|capture|group-pages|page-traits)|tables\/(process-areas|process-usages|file-pages)|layout\/(vmlinux|struct-table)|views\/(verify|layout-diff))/,
  },
];

/** Modules of Node.js that take milliseconds to load and that few runs need. */
const BUILTINS = /(?:let|const) (\w+) = require\("(node:(?:child_process|crypto|worker_threads|zlib))"\);/g;

const options = (input) => ({
  input,
  platform: 'node',
  // few commands need these
  external: [
    /^node:/,
    'koffi',
    'fzstd',
    'xz-decompress',
    '@bokuweb/zstd-wasm',
    '@uwdata/flechette',
    '@duckdb/node-api',
    '@aws-sdk/client-s3',
  ],
  logLevel: 'silent',
});

/**
 * The scripts of the command by their file names; `command.js` runs it. Node starts CommonJS sooner than ES modules, and a room can be
 * loaded late.
 */
export async function bundleCommand(input) {
  const build = await rolldown(options(input));
  const { output } = await build.generate({
    format: 'cjs',
    comments: false,
    entryFileNames: 'command.js',
    chunkFileNames: '[name].js',
    codeSplitting: {
      includeDependenciesRecursively: false,
      groups: [
        ...ROOMS.map((room) => ({ ...room, priority: 2 })),
        { name: 'common', test: (id) => id !== input, priority: 1 },
      ],
    },
  });
  await build.close();
  return new Map(output.map(({ fileName, code }) => [fileName, ascii(required(late(code, fileName)))]));
}

/** The threads' script, an ES module. */
export async function bundleWorker(input) {
  const build = await rolldown(options(input));
  const { output } = await build.generate({ format: 'esm', comments: false, codeSplitting: false });
  await build.close();
  return ascii(output[0].code);
}

/** The script of a page of HTML, from TypeScript, in one piece for a script element. */
export async function bundlePage(input) {
  const build = await rolldown({ input, platform: 'browser', logLevel: 'silent' });
  const { output } = await build.generate({ format: 'iife', minify: true });
  await build.close();
  if (output.length !== 1 || /<\/script|<!--|\{\{/i.test(output[0].code)) {
    throw new Error(`${input} does not become one script that can stand in a page`);
  }
  return ascii(output[0].code);
}

/** Loads rooms and modules of Node.js when something of them is used, and not before. */
function late(code, fileName) {
  let text = code;
  for (const [loading, name, module] of code.matchAll(BUILTINS)) {
    text = put(text, fileName, { loading, name, what: module });
  }
  for (const { name } of ROOMS) {
    const loading = `const require_${name} = require("./${name}.js");`;
    if (text.includes(loading)) {
      text = put(text, fileName, { loading, name: `require_${name}`, what: `./${name}.js` });
    }
  }
  return text;
}

/** Puts a function that loads a module once in the place of the module's variable; in parentheses, since `new` may stand in front. */
function put(code, fileName, { loading, name, what }) {
  const loader = `let ${name}_;\nconst load_${name} = () => (${name}_ ??= require("${what}"));`;
  const text = code.replace(loading, loader).replace(new RegExp(`\\b${name}\\.`, 'g'), `(load_${name}()).`);
  if (new RegExp(`\\b${name}\\b`).test(text)) {
    throw new Error(`${fileName} uses '${what}' in a way that scripts/bundle.mjs does not know`);
  }
  return text;
}

/** Loads packages by `require`, which all of them have a form for: a script from bytecode cannot import. */
function required(code) {
  return code.replace(/\bimport\(("[^"]+")\)/g, 'Promise.resolve().then(() => require($1))');
}

/** V8 takes twice the memory, and longer, for scripts with letters outside of Latin-1; they are in strings and patterns only. */
function ascii(code) {
  return code.replace(/[^\n\r\t\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
