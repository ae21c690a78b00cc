/** The part of WebAssembly that the loops use; Node's types have it only together with those of a browser. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Memory {
    readonly buffer: SharedArrayBuffer;
    constructor(limits: { readonly initial: number; readonly maximum: number; readonly shared: true });
  }
  class Instance {
    readonly exports: unknown;
    constructor(
      module: Module,
      imports: Readonly<Record<string, Readonly<Record<string, Memory | ((...args: number[]) => number)>>>>,
    );
  }
}
