import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../core/errors.ts';

/** The sample of the repository, which is next to both src/ and dist/. Packages do not contain it. */
const SAMPLE: URL = new URL('../../examples/sample.elf.gz', import.meta.url);

/** The path of the sample capture. Throws UsageError if there is none. */
export function samplePath(): string {
  if (existsSync(SAMPLE)) return fileURLToPath(SAMPLE);
  throw new UsageError('this installation has no sample: name captures or dumps with --from');
}
