import { hex } from '../core/address.ts';
import { StructPageError, UsageError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { TypeFacts } from '../layout/type-facts.ts';
import { readZones } from '../memmap/zones.ts';
import { listNodes } from '../objects/list.ts';
import { Objects } from '../objects/objects.ts';
import { type Expression, type Test, testsOf } from '../views/expression/syntax.ts';

/** Where the names of a `--where` are looked up. */
export interface NameSource {
  readonly kernel: Kernel;
  readonly types: TypeFacts;
}

/**
 * Throws UsageError for a node without memory and for a slab cache that is not in the kernel's list; an empty result would
 * look like an answer. Returns the names of caches that could not be looked up, with the reasons.
 */
export function checkNodesAndCaches(where: Expression, source: NameSource): ReadonlyMap<string, string> {
  const tests = testsOf(where);
  checkNodes(tests, source);
  return checkCaches(tests, source);
}

function checkNodes(tests: readonly Test[], { kernel, types }: NameSource): void {
  const asked = tests.flatMap(nodesOf);
  if (asked.length === 0) return;
  const nodes = [...new Set(readZones(kernel, types).map((zone) => zone.node))].sort((a, b) => a - b);
  // some kernels do not tell where their nodes are
  if (nodes.length === 0) return;
  const unknown = asked.find((node) => !nodes.some((n) => BigInt(n) === node));
  if (unknown === undefined) return;
  throw new UsageError(
    `in --where: no zone is on node ${unknown}; there ${nodes.length === 1 ? 'is node' : 'are nodes'} ${nodes.join(', ')}`,
  );
}

/** The nodes that a test names. */
function nodesOf(test: Test): readonly bigint[] {
  const isNode = (value: { kind: string; column?: string }): boolean =>
    value.kind === 'column' && value.column === 'node';
  if (test.kind === 'in') return isNode(test.value) ? test.numbers : [];
  if (test.kind !== 'compare' || test.operator !== '==') return [];
  const { left, right } = test;
  if (right.kind === 'number' && isNode(left)) return [right.value];
  return left.kind === 'number' && isNode(right) ? [left.value] : [];
}

function checkCaches(tests: readonly Test[], source: NameSource): ReadonlyMap<string, string> {
  const asked = tests.flatMap((test) =>
    test.kind === 'named' && test.column === 'slab_cache' ? test.names : [],
  );
  // a cache whose name cannot be read is called by its address
  const names = [...new Set(asked)].filter((name) => name !== '' && !/^0x[0-9a-f]+$/i.test(name));
  if (names.length === 0) return new Map();
  const known = slabCacheNames(source);
  if (typeof known === 'string') return new Map(names.map((name) => [name, known]));
  const there = new Set(known.map((name) => name.toLowerCase()));
  const unknown = names.find((name) => !there.has(name.toLowerCase()));
  if (unknown === undefined) return new Map();
  const near = nearest(unknown, known);
  const hint = near === undefined ? '' : `did you mean '${near}'? `;
  throw new UsageError(
    `in --where: this kernel has no slab cache '${unknown}'; ${hint}(slab_cache like '${unknown}' looks for it all the same)`,
  );
}

/** The names of all slab caches, from the list `slab_caches` (mm/slab_common.c); a sentence if it cannot be read. */
function slabCacheNames({ kernel, types }: NameSource): readonly string[] | string {
  try {
    const objects = new Objects(kernel, types);
    const cache = objects.struct('kmem_cache');
    const names: string[] = [];
    for (const node of listNodes(objects.memory, objects.symbol('slab_caches'))) {
      const at = cache.container(node, 'list');
      const text = cache.word(at, 'name');
      const name = kernel.space.readString(text, 256, `name of the slab cache at ${hex(at)}`);
      names.push(name);
    }
    return names.length > 0 ? names : 'the list of slab caches is empty';
  } catch (error) {
    if (error instanceof StructPageError) return error.message;
    throw error;
  }
}
