// Required before the command: writes which scripts were run from the bytecode of the build as the last line of standard error.
const vm = require('node:vm');
const { basename } = require('node:path');

const accepted = [];
vm.Script = class extends vm.Script {
  constructor(code, options) {
    super(code, options);
    if (this.cachedDataRejected === false) accepted.push(basename(options.filename));
  }
};
process.on('exit', () => process.stderr.write(`\n${JSON.stringify(accepted)}`));
