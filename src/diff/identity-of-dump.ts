import { readOr } from '../core/errors.ts';
import { bootIdOf } from '../inspector/about.ts';
import type { Inspector } from '../inspector/inspector.ts';
import type { Identity } from './identity.ts';

/** What the memory of a machine tells about its kernel and its boot. */
export function identityOf(inspector: Inspector): Identity {
  const { kernel } = inspector;
  const places = known({
    'the address of the kernel': hexOf(symbolOf(inspector, '_stext')),
    'the place of the kernel in memory': hexOf(physicalText(inspector)),
    'the address of the page array': hexOf(inspector.model.base),
  });
  return {
    machine: known({
      'the architecture': kernel.architecture.name,
      'the page size': `${kernel.pageBytes}`,
      'the release': kernel.release,
      'the build id': kernel.buildId,
    }),
    drawn: known({
      'the boot id': bootIdOf(inspector),
      'the stack canary of the first task': canaryOf(inspector),
      'the secret of the slab caches': slabSecretOf(inspector),
      'the random address of the kernel': places.size === 3 ? randomPlace(inspector, places) : undefined,
    }),
    places,
    ticks: ticksOf(inspector),
  };
}

/**
 * All places together, if the kernel was moved at random (CONFIG_RANDOMIZE_BASE). Architectures without one address where kernels are linked
 * may move them without chance: s390x does.
 */
function randomPlace({ kernel }: Inspector, places: ReadonlyMap<string, string>): string | undefined {
  if (kernel.architecture.image.window?.linkedAt === undefined) return undefined;
  const offset = readOr(undefined, () => kernel.kernelOffset?.value);
  return offset === undefined || offset === 0n ? undefined : [...places.values()].join(' ');
}

/** Timer ticks since boot, which begin with a large number (kernel/time/timer.c: jiffies_64). */
function ticksOf(inspector: Inspector): bigint | undefined {
  const { kernel } = inspector;
  const at = symbolOf(inspector, 'jiffies_64');
  // a 32-bit kernel would need both halves, in its order
  if (at === undefined || kernel.architecture.wordBytes !== 8) return undefined;
  return readOr(undefined, () => kernel.space.readWord(at));
}

function known(facts: Readonly<Record<string, string | undefined>>): Map<string, string> {
  const map = new Map<string, string>();
  for (const [what, value] of Object.entries(facts)) {
    if (value !== undefined && value !== '') map.set(what, value);
  }
  return map;
}

/** Drawn early at boot, and kept by the first task (init/main.c: boot_init_stack_canary). */
function canaryOf({ kernel, objects }: Inspector): string | undefined {
  return readOr(undefined, () => {
    const task = objects.struct('task_struct');
    if (!task.has('stack_canary')) return undefined;
    const address = kernel.symbol('init_task');
    const canary = address === undefined ? 0n : task.word(address, 'stack_canary');
    return canary === 0n ? undefined : hexOf(canary);
  });
}

/** What hides the free lists of the cache of caches (mm/slub.c, CONFIG_SLAB_FREELIST_HARDENED). */
function slabSecretOf({ objects }: Inspector): string | undefined {
  return readOr(undefined, () => {
    const cache = objects.struct('kmem_cache');
    if (!cache.has('random')) return undefined;
    const random = cache.word(objects.variable('kmem_cache'), 'random');
    return random === 0n ? undefined : hexOf(random);
  });
}

function physicalText(inspector: Inspector): bigint | undefined {
  const { kernel } = inspector;
  const at = symbolOf(inspector, '_stext');
  return readOr(undefined, () => {
    const physical = at === undefined ? undefined : kernel.space.walker.walk(at).physical;
    return physical === undefined ? undefined : BigInt(physical);
  });
}

/** The address of a symbol; undefined if the symbol table is not in the dump. */
function symbolOf({ kernel }: Inspector, name: string): bigint | undefined {
  return readOr(undefined, () => kernel.symbol(name));
}

function hexOf(value: bigint | undefined): string | undefined {
  return value === undefined ? undefined : `0x${value.toString(16)}`;
}
