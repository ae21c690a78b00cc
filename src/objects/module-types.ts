import type { VirtAddr } from '../core/address.ts';
import { StructPageError } from '../core/errors.ts';
import { Btf } from '../formats/btf/btf.ts';
import { joinBtf } from '../formats/btf/join.ts';
import { findBtf } from '../kernel/find-btf.ts';
import { factsFromBtf } from '../layout/from-btf.ts';
import type { TypeFacts } from '../layout/type-facts.ts';
import { idrEntries } from './idr.ts';
import type { Objects } from './objects.ts';

/** Larger than the types of any module. */
const MOST_BYTES = 2 ** 24;

/**
 * The types of a module together with those of the kernel; undefined if the kernel keeps none (before 5.11, or without
 * CONFIG_DEBUG_INFO_BTF_MODULES), if the module is not loaded, and if they cannot be read. The BTF of a module is in the struct btf that
 * the kernel made of it (kernel/bpf/btf.c, btf_parse_module); struct module does not keep its own.
 */
export function moduleTypes(objects: Objects, module: string): TypeFacts | undefined {
  try {
    const at = btfOf(objects, module);
    const base = at === undefined ? undefined : findBtf(objects.kernel, []);
    if (at === undefined || !base) return undefined;
    const type = objects.struct('btf');
    const length = type.number(at, 'data_size');
    if (length > MOST_BYTES) return undefined;
    const origin = `BTF of module ${module}`;
    const own = new Uint8Array(length);
    objects.memory.space.readInto(type.word(at, 'data'), own, origin);
    return factsFromBtf(Btf.parse(joinBtf(base.bytes, own, origin), origin), origin, 'btf-in-image');
  } catch (error) {
    if (error instanceof StructPageError) return undefined;
    throw error;
  }
}

/** The struct btf with the types of a module. */
function btfOf(objects: Objects, module: string): VirtAddr | undefined {
  const type = objects.find('btf');
  const all = objects.findSymbol('btf_idr');
  if (!type?.has('base_btf') || !type.has('name') || all === undefined) return undefined;
  for (const { pointer } of idrEntries(objects, all)) {
    if (type.word(pointer, 'base_btf') !== 0n && type.text(pointer, 'name') === module) return pointer;
  }
  return undefined;
}
