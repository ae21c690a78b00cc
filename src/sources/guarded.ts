import { UsageError } from '../core/errors.ts';
import type { OpenImage, PhysicalMemory, VirtualSegments } from './image-format.ts';

/**
 * The same image, whose memory throws UsageError once it is closed: a descriptor that was closed may be that of another file, and a
 * mapping that was given back is no memory.
 */
export function guarded(image: OpenImage): OpenImage {
  let open = true;
  const check = (): void => {
    if (!open) throw new UsageError(`${image.format}: it is closed`);
  };
  const { memory, virtual } = image;
  const guardedMemory: PhysicalMemory = {
    get runs() {
      return memory.runs;
    },
    readInto(address, target) {
      check();
      return memory.readInto(address, target);
    },
    runAt(address) {
      check();
      return memory.runAt(address);
    },
  };
  const guardedVirtual: VirtualSegments | undefined = virtual && {
    ...virtual,
    readInto(address, target) {
      check();
      return virtual.readInto(address, target);
    },
  };
  return {
    ...image,
    memory: guardedMemory,
    ...(guardedVirtual ? { virtual: guardedVirtual } : {}),
    close() {
      if (!open) return;
      open = false;
      image.close();
    },
  };
}
