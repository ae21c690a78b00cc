import { viewOf } from '../core/bytes.ts';
import { machineName } from '../core/elf-machines.ts';
import { FaultError, LayoutError, StructPageError } from '../core/errors.ts';
import type { Btf } from '../formats/btf/btf.ts';
import { type FoundBtf, findBtf, isBtfAt } from '../kernel/find-btf.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { missingOfImage } from '../kernel/kernel-image.ts';
import type { LayoutCache } from '../layout/cache.ts';
import { extractLayout } from '../layout/extract.ts';
import { factsFromBtf } from '../layout/from-btf.ts';
import { factsFromJson } from '../layout/from-json.ts';
import type { LayoutFile } from '../layout/layout-file.ts';
import { findLayouts } from '../layout/registry.ts';
import type { TypeFacts } from '../layout/type-facts.ts';
import { lossesOf } from '../sources/losses.ts';

/** Types that may belong to the kernel. */
export interface FoundTypes {
  readonly types: TypeFacts;
  /** Their source, for `info`. */
  readonly from: string;
  readonly warnings: readonly string[];
  /** Whether they are the image's own, read whole. If these are refused, nothing else is tried. */
  readonly own?: boolean;
  /** Stores them in the cache. */
  readonly keep?: () => void;
}

/** Sources that a user can name. */
export interface TypeOptions {
  /** Types to use instead of those in the image, from `readTypes`. */
  readonly layout?: TypeFacts;
  /** The cache of kernel types. */
  readonly cache?: LayoutCache;
}

/**
 * Candidates for the types of the kernel, in order of evidence: only those that the user named, if any; the BTF in the
 * image, or its cached layout; the layout registry by build id, by release, by nearest release. Each must pass the
 * self-checks. Adds what is wrong with the image's own BTF to `problems`.
 */
export function* typeCandidates(
  kernel: Kernel,
  options: TypeOptions,
  problems: string[],
): Generator<FoundTypes> {
  if (options.layout) {
    checkArchitecture(kernel, options.layout);
    yield { types: options.layout, from: options.layout.origin, warnings: [] };
    return;
  }
  const { release, buildId } = kernel;
  const { cache } = options;
  const kept = buildId === undefined || !cache ? undefined : readKept(kernel, buildId, cache);
  if (kept) {
    yield {
      types: factsFromJson(kept, 'BTF in the image', 'btf-in-image'),
      from: 'BTF in the image, kept since this build was first met',
      warnings: [],
      own: true,
    };
  }
  const found = findBtf(kernel, problems);
  if (found)
    yield {
      types: factsFromBtf(found.btf, 'BTF in the image', 'btf-in-image'),
      from: found.from,
      warnings: [],
      own: true,
      ...(cache && buildId !== undefined ? { keep: () => keep(kernel, buildId, found, cache) } : {}),
    };
  for (const { entry, types } of findLayouts({ arch: kernel.architecture.name, release, buildId })) {
    const near = types.confidence === 'layout-nearest';
    yield {
      types,
      from: `${types.origin} (${near ? 'the nearest release' : types.confidence === 'layout-release' ? 'this release' : 'this build'})`,
      warnings: near
        ? [
            `the layout of kernel ${entry.release} is used for kernel ${release}: it passed the checks, but is of another build`,
          ]
        : [],
    };
  }
}

/** The cached layout of this build, if it was extracted from the BTF of this image. */
function readKept(kernel: Kernel, buildId: string, cache: LayoutCache): LayoutFile | undefined {
  const kept = cache.read(buildId);
  if (!kept) return undefined;
  return isBtfAt(kernel, kept.btf.offset, kept.btf.bytes) ? kept.layout : undefined;
}

function keep(kernel: Kernel, buildId: string, found: FoundBtf, cache: LayoutCache): void {
  if (kernel.text === undefined) return;
  const { bytes, address, btf } = found;
  let layout: LayoutFile;
  try {
    layout = layoutOf(kernel, buildId, btf);
  } catch (error) {
    // unused types may be damaged
    if (error instanceof StructPageError) return;
    throw error;
  }
  cache.write(buildId, { btf: { offset: Number(address - kernel.text), bytes }, layout });
}

function layoutOf(kernel: Kernel, buildId: string, btf: Btf): LayoutFile {
  return extractLayout(btf, {
    arch: kernel.architecture.name,
    release: kernel.release,
    buildId,
    package: 'unknown',
    version: 'unknown',
    madeFrom: 'BTF in an image of memory',
    madeBy: 'structpage, for itself',
  });
}

/** Types of another architecture may look plausible in the memory. Throws LayoutError. */
function checkArchitecture({ architecture }: Kernel, { origin, arch, machine }: TypeFacts): void {
  const isOther =
    (arch !== undefined && arch !== architecture.name) ||
    (machine !== undefined && machine !== architecture.elfMachine);
  if (!isOther) return;
  throw new LayoutError(
    'architecture',
    `${origin} is of a kernel for ${arch ?? machineName(machine!)}, and this memory is of ${architecture.name}`,
    'Name the vmlinux, or a BTF or layout file, of the very kernel',
  );
}

/** Maximum number of reasons in an error. */
const MOST_PROBLEMS = 6;

/** Tries the candidates in turn. Throws a LayoutError that lists what is wrong with each. */
export function firstThatHolds<T>(
  kernel: Kernel,
  options: TypeOptions,
  attempt: (found: FoundTypes) => T,
): T {
  const problems: string[] = [];
  let refusal: LayoutError | undefined;
  let ownFailed = false;
  for (const found of typeCandidates(kernel, options, problems)) {
    // types of another origin would hide what is wrong with the dump, and may only seem to hold
    if (ownFailed && !found.own) break;
    try {
      return attempt(found);
    } catch (error) {
      if (!(error instanceof StructPageError)) throw error;
      if (options.layout || !(error instanceof LayoutError || error.code === 'format')) throw error;
      if (error instanceof LayoutError) refusal ??= error;
      problems.push(error instanceof LayoutError ? `${error.member}: ${error.evidence}` : error.message);
      if (found.own) ownFailed = true;
    }
  }
  const lost = kernel.kallsyms ? undefined : missingOfImage(kernel);
  const of = kernel.release ? `kernel ${kernel.release}` : undefined;
  const why =
    problems.length > 0
      ? `no known layout fits ${of ?? 'this kernel'}`
      : `the dump contains no BTF, and there is no layout file for ${of ?? 'its kernel, whose release is not known'}`;
  const lines = [...new Set(problems)].slice(0, MOST_PROBLEMS);
  if (lost) lines.push(lost);
  throw new LayoutError(
    refusal?.member ?? 'struct page',
    [why, ...lines].join('\n  - '),
    adviceFor(kernel, refusal, lost, of ?? 'the kernel of this dump'),
  );
}

function adviceFor(
  kernel: Kernel,
  refusal: LayoutError | undefined,
  lost: string | undefined,
  of: string,
): string {
  if (lost && !kernel.vmcoreinfo) {
    return 'The dump has neither VMCOREINFO nor kernel symbols and cannot be read; take a complete dump';
  }
  if (
    refusal?.member === 'mem_section' &&
    (kernel.image.warnings.length > 0 || lossesOf(kernel.image.memory))
  ) {
    return 'The kernel types are known, but the dump does not contain mem_section, which tells where the struct pages are';
  }
  if (isBooting(kernel)) {
    return 'The kernel was still booting (system_state): its struct pages are not complete. Take the dump later';
  }
  return `Give a vmlinux, BTF or layout file of ${of} with --layout`;
}

/** SYSTEM_SCHEDULING (include/linux/kernel.h): a larger system_state means that boot is over. */
const LAST_BOOTING = 1;

/** Whether the kernel had not finished booting. */
function isBooting(kernel: Kernel): boolean {
  const at = kernel.symbol('system_state');
  if (at === undefined) return false;
  try {
    return viewOf(kernel.space.read(at, 4, 'system_state')).getInt32(0, true) <= LAST_BOOTING;
  } catch (error) {
    if (error instanceof FaultError) return false;
    throw error;
  }
}
