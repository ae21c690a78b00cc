// Compares the functions that a compiled module takes and gives with those of src/loops/abi.ts.

const FUNCTION = 0;
const MEMORY = 2;
const VALUES = { 127: 'i32', 126: 'i64', 125: 'f32', 124: 'f64' };
/** What the scalars of abi.ts are to WebAssembly. */
const AS_VALUE = {
  u8: 'i32',
  u16: 'i32',
  i32: 'i32',
  u32: 'i32',
  address: 'i32',
  u64: 'i64',
  i64: 'i64',
  f64: 'f64',
};

/** What differs between a module and abi.ts, a line each; `allowed` are imports that are no loops' (memory, abort). */
export function differences(wasm, { FUNCTIONS, SETTINGS, HOST }, allowed = ['env.abort']) {
  const { imports, exports } = signaturesOf(wasm);
  const wantedExports = new Map([
    ...Object.values(FUNCTIONS).flatMap((functions) =>
      Object.entries(functions).map(([name, signature]) => [name, textOf(signature)]),
    ),
    ...Object.keys(SETTINGS).map((name) => [`set${name}`, '(i32)']),
  ]);
  const wantedImports = new Map(
    Object.entries(HOST).map(([name, signature]) => [`host.${name}`, textOf(signature)]),
  );
  const found = new Map([...imports].filter(([name]) => !allowed.includes(name)));
  // the compiler leaves out imports that nothing calls
  return [
    ...compare('exports', exports, wantedExports),
    ...compare('imports', found, wantedImports).filter((line) => !line.endsWith('nothing')),
  ];
}

function textOf([parameters, result]) {
  const list = parameters.map((parameter) => AS_VALUE[parameter.split(' ')[0]]);
  return `(${list.join(', ')})${result === 'void' ? '' : ` -> ${AS_VALUE[result]}`}`;
}

function compare(what, found, wanted) {
  const names = new Set([...found.keys(), ...wanted.keys()]);
  return [...names].flatMap((name) => {
    const [a, b] = [wanted.get(name) ?? 'nothing', found.get(name) ?? 'nothing'];
    return a === b ? [] : [`${what} ${name}: abi.ts has ${a}, the module ${b}`];
  });
}

/** The functions that a module imports and exports, with their types as text. */
export function signaturesOf(wasm) {
  const types = [];
  const functions = [];
  const imports = new Map();
  const exports = new Map();
  for (const { id, read } of sections(wasm)) {
    if (id === 1) for (let n = read.number(); n > 0; n--) types.push(functionType(read));
    if (id === 2) {
      for (let n = read.number(); n > 0; n--) {
        const name = `${read.text()}.${read.text()}`;
        const kind = read.byte();
        if (kind === FUNCTION) {
          const type = types[read.number()];
          functions.push(type);
          imports.set(name, type);
        } else if (kind === MEMORY) limits(read);
        else throw new Error(`the module imports ${name}, which is no function`);
      }
    }
    if (id === 3) for (let n = read.number(); n > 0; n--) functions.push(types[read.number()]);
    if (id === 7) {
      for (let n = read.number(); n > 0; n--) {
        const name = read.text();
        const kind = read.byte();
        const index = read.number();
        if (kind === FUNCTION) exports.set(name, functions[index]);
        else if (kind !== MEMORY) exports.set(name, 'no function');
      }
    }
  }
  return { imports, exports };
}

function functionType(read) {
  if (read.byte() !== 0x60) throw new Error('a type of the module is no function');
  const list = () => Array.from({ length: read.number() }, () => VALUES[read.byte()]);
  const [parameters, results] = [list(), list()];
  return `(${parameters.join(', ')})${results.length > 0 ? ` -> ${results.join(', ')}` : ''}`;
}

function limits(read) {
  const flags = read.byte();
  read.number();
  if (flags & 1) read.number();
}

function* sections(wasm) {
  const outer = reader(wasm, 8);
  while (outer.at < wasm.length) {
    const id = outer.byte();
    const length = outer.number();
    yield { id, read: reader(wasm, outer.at) };
    outer.at += length;
  }
}

function reader(bytes, start) {
  return {
    at: start,
    byte() {
      return bytes[this.at++];
    },
    /** LEB128. */
    number() {
      let value = 0;
      for (let shift = 0; ; shift += 7) {
        const byte = this.byte();
        value |= (byte & 127) << shift;
        if (byte < 128) return value >>> 0;
      }
    },
    text() {
      const length = this.number();
      this.at += length;
      return new TextDecoder().decode(bytes.subarray(this.at - length, this.at));
    },
  };
}
