// Required before the command: writes what it loaded as the last line of standard error.
const before = new Set(process.moduleLoadList);
process.on('exit', () => {
  const builtins = process.moduleLoadList
    .filter((name) => !before.has(name))
    .map((name) => name.replace('NativeModule ', 'node:'));
  process.stderr.write(`\n${JSON.stringify([...Object.keys(require.cache), ...builtins])}`);
});
