// Required before the command by the build: writes the bytecode of the functions that a run compiled beside their scripts.
'use strict';
const { writeFileSync } = require('node:fs');
const { setFlagsFromString } = require('node:v8');
const vm = require('node:vm');

/** The scripts that were run, by file name. */
const scripts = new Map();

vm.Script = class extends vm.Script {
  constructor(code, options) {
    super(code, options);
    scripts.set(options.filename, this);
  }
};

// functions that are not run for a while would lose their bytecode; the flag is taken back, since V8 takes bytecode of the same flags only
setFlagsFromString('--no-flush-bytecode');
process.on('exit', () => {
  setFlagsFromString('--flush-bytecode');
  for (const [filename, script] of scripts) {
    writeFileSync(`${filename}.${process.arch}-${process.version}.bytecode`, script.createCachedData());
  }
});
