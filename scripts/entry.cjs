#!/usr/bin/env node
// The entry of the command, copied to dist/cli/main.js. The build leaves the bytecode of each script beside it, which saves V8 from
// compiling the script again: half of the start. V8 refuses bytecode that another version of it made, and compiles as usual then.
'use strict';
const { readFileSync } = require('node:fs');
const Module = require('node:module');
const { dirname } = require('node:path');
const { Script, constants } = require('node:vm');

/** V8 does not look at the processor for which bytecode was made, and ends with a segmentation fault on another. */
const BYTECODE = `.${process.arch}-${process.version}.bytecode`;

const compile = Module.prototype._compile;

Module.prototype._compile = function (code, filename, ...rest) {
  const cachedData = dirname(filename) === __dirname ? bytecodeOf(filename) : undefined;
  if (cachedData === undefined) return compile.call(this, code, filename, ...rest);
  const importModuleDynamically = constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;
  const script = new Script(Module.wrap(code), { filename, cachedData, importModuleDynamically });
  const load = (id) => this.require(id);
  return script.runInThisContext().call(this.exports, this.exports, load, this, filename, __dirname);
};

/** The bytecode of a script as the build left it; undefined if there is none. */
function bytecodeOf(filename) {
  try {
    return readFileSync(`${filename}${BYTECODE}`);
  } catch {
    return undefined;
  }
}

require('./command.js');
