// Writes what AssemblyScript has to know of src/loops/abi.ts to src/loops/assembly/generated/.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const HEADER = '// Made from src/loops/abi.ts by the build. Changes go there.\n';

const typeOf = (scalar) => (scalar === 'address' ? 'usize' : scalar);
const upper = (name) =>
  name
    .replace(/[A-Z]/g, (letter) => `_${letter}`)
    .replace(/^_/, '')
    .toUpperCase();

/** Writes the generated files below `folder`; `abi` and `records` are src/loops/abi.ts and records.ts, compiled. */
export function writeAssembly(folder, abi, records) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'abi.ts'), `${HEADER}${abiText(abi, records)}`);
  writeFileSync(join(folder, 'index.ts'), `${HEADER}${indexText(abi)}`);
}

function abiText({ CONSTANTS, RECORDS, SETTINGS, HOST }, { sizeOf, placesOf }) {
  const enums = Object.entries(CONSTANTS).map(
    ([name, values]) =>
      `export const enum ${name} {\n${Object.entries(values)
        .map(([key, value]) => `  ${key} = ${value},\n`)
        .join('')}}\n`,
  );
  const classes = Object.entries(RECORDS).map(
    ([name, fields]) =>
      `@unmanaged\nexport class ${name} {\n${Object.entries(fields)
        .map(([key, scalar]) => `  ${key}: ${typeOf(scalar)};\n`)
        .join('')}}\nexport const ${upper(name)}_BYTES: i32 = ${sizeOf(fields)};\n`,
  );
  // the compiler lays classes out itself; that it does so as placesOf() says is checked while it compiles
  const checks = Object.entries(RECORDS).flatMap(([name, fields]) =>
    [...placesOf(fields)].map(
      ([field, { offset }]) =>
        `if (offsetof<${name}>('${field}') != ${offset}) ERROR('${name}.${field} is not at ${offset}');\n`,
    ),
  );
  const settings = Object.entries(SETTINGS).map(([name, fields]) => {
    const places = [...placesOf(fields)];
    const variables = places.map(([field, { scalar }]) => `export let ${field}: ${typeOf(scalar)} = 0;\n`);
    const loads = places.map(
      ([field, { scalar, offset }]) => `  ${field} = load<${typeOf(scalar)}>(record, ${offset});\n`,
    );
    return `${variables.join('')}export function set${name}(record: usize): void {\n${loads.join('')}}\n`;
  });
  const host = Object.entries(HOST).map(([name, [parameters, result]]) => {
    const list = parameters.map((p) => p.split(' ')).map(([scalar, of]) => `${of}: ${typeOf(scalar)}`);
    return `@external('host', '${name}')\nexport declare function ${name}(${list.join(', ')}): ${typeOf(result)};\n`;
  });
  return [...enums, ...classes, checks.join(''), ...settings, ...host].map((part) => `\n${part}`).join('');
}

function indexText({ FUNCTIONS, SETTINGS }) {
  const setters = Object.keys(SETTINGS).map((name) => `set${name}`);
  const files = Object.entries(FUNCTIONS).map(
    ([file, functions]) => `export { ${Object.keys(functions).join(', ')} } from '../${file}';\n`,
  );
  return `${files.join('')}export { ${setters.join(', ')} } from './abi';\n`;
}
