// Sums up the JSON reports of test runs. Prints every skipped test, and fails if one is not in permitted-skips.txt.
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const permitted = new Map(
  readFileSync(new URL('permitted-skips.txt', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => /^(\S+)\s+(.*)$/.exec(line).slice(1)),
);
const sum = { passed: 0, failed: 0, skipped: 0 };
const skipped = new Map();

for (const path of process.argv.slice(2)) {
  let report;
  try {
    report = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    console.log('a test runner wrote no report');
    process.exitCode = 1;
    continue;
  }
  sum.passed += report.numPassedTests;
  sum.failed += report.numFailedTests;
  if (report.numFailedTests > 0 || !report.success) process.exitCode = 1;
  for (const { name, assertionResults } of report.testResults) {
    const file = relative(root, name);
    for (const { status, fullName } of assertionResults) {
      if (status === 'passed' || status === 'failed') continue;
      sum.skipped++;
      skipped.set(file, [...(skipped.get(file) ?? []), fullName.trim()]);
    }
  }
}

if (skipped.size > 0) console.log('skipped tests:');
for (const [file, names] of skipped) {
  const reason = permitted.get(file);
  if (reason === undefined) process.exitCode = 1;
  console.log(`  ${file}: ${names.length} (${reason ?? 'NOT PERMITTED: see .ci/permitted-skips.txt'})`);
  if (reason === undefined) for (const name of names) console.log(`    ${name}`);
}
console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
