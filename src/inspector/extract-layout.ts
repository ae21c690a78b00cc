import { basename } from 'node:path';
import { ARCHITECTURES } from '../arch/registry.ts';
import { machineName } from '../core/elf-machines.ts';
import { UsageError } from '../core/errors.ts';
import { packageVersion } from '../core/version.ts';
import { Btf } from '../formats/btf/btf.ts';
import { extractLayout, layoutFileOf } from '../layout/extract.ts';
import type { LayoutFile } from '../layout/layout-file.ts';
import { readKernelFile } from '../layout/vmlinux.ts';
import { openFile } from '../sources/file-source.ts';
import { inflateSection } from '../sources/inflate-section.ts';
import type { Inspector } from './inspector.ts';

/** Facts about a kernel file that the user adds. */
export interface ExtractFacts {
  readonly release?: string;
  readonly buildId?: string;
  /** A folder of layouts/, for files that do not name their machine. */
  readonly architecture?: string;
  readonly package?: string;
  readonly packageVersion?: string;
}

/** The package in a layout file if the user named none: the field must not be empty. */
const UNKNOWN = 'unknown';

/**
 * Makes the layout file of a kernel from its vmlinux, vmlinuz, debug file or BTF. Throws UsageError if the release or the
 * build id is neither in the file nor given, FormatError or UnsupportedError for unusable files.
 */
export async function extractLayoutFile(path: string, facts: ExtractFacts = {}): Promise<LayoutFile> {
  const source = openFile(path);
  try {
    const kernel = await readKernelFile(source, inflateSection);
    const release = facts.release ?? kernel.release;
    const buildId = facts.buildId ?? kernel.buildId;
    if (!release || !buildId) {
      throw new UsageError(
        `${path} does not contain its ${release ? 'build id' : 'release'}; give it with --${release ? 'build-id' : 'release'}`,
      );
    }
    const provenance = {
      arch: facts.architecture ?? architectureOf(kernel.machine, path),
      release,
      buildId,
      package: facts.package || UNKNOWN,
      version: facts.packageVersion || UNKNOWN,
      madeFrom: `${kernel.typesFrom} of ${basename(path)}`,
      madeBy: `structpage layout extract ${packageVersion()}`,
      ...(kernel.symbols ? { symbols: kernel.symbols } : {}),
    };
    return extractLayout(Btf.parse(kernel.btf, path), provenance, kernel.typesFrom === 'DWARF');
  } finally {
    source.close();
  }
}

/**
 * Makes the layout file of the kernel in a dump. Throws UsageError if the dump lacks its types, or lacks its release or
 * build id and they are not given.
 */
export function layoutOfDump(inspector: Inspector, facts: ExtractFacts = {}): LayoutFile {
  const { types, kernel, image } = inspector;
  if (types.confidence !== 'btf-in-image') {
    throw new UsageError(`the dump does not contain its kernel types; they were taken from ${types.origin}`);
  }
  const release = facts.release ?? kernel.release;
  const buildId = facts.buildId ?? kernel.buildId;
  if (!release || !buildId) {
    const missing = release ? 'build id' : 'release';
    throw new UsageError(
      `the dump does not contain the kernel's ${missing}; give it with --${missing.replace(' ', '-')}`,
    );
  }
  return layoutFileOf(types, {
    arch: kernel.architecture.name,
    release,
    buildId,
    package: facts.package || UNKNOWN,
    version: facts.packageVersion || UNKNOWN,
    madeFrom: `BTF in a dump (${image.format})`,
    madeBy: `structpage layout extract ${packageVersion()}`,
  });
}

/**
 * The folder in layouts/ for a kernel file. Throws UsageError if the file does not name its machine: BTF and some images.
 */
function architectureOf(machine: number | undefined, path: string): string {
  if (machine === undefined) {
    const names = ARCHITECTURES.map((a) => a.name).join(', ');
    throw new UsageError(`${path} does not contain its architecture; give it with --architecture: ${names}`);
  }
  return ARCHITECTURES.find((a) => a.elfMachine === machine)?.name ?? machineName(machine);
}
