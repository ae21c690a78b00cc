import { UsageError } from '../core/errors.ts';
import type { OpenImage, PhysicalMemory, VirtualSegments } from './image-format.ts';

/**
 * Wraps an image so that its memory throws UsageError once it is closed: another file may have the closed descriptor, and a
 * mapping that was released is no memory.
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
    get segments() {
      return virtual.segments;
    },
    readInto(address, target) {
      check();
      return virtual.readInto(address, target);
    },
  };
  return {
    ...image,
    memory: guardedMemory,
    ...(guardedVirtual ? { virtual: guardedVirtual } : {}),
    ...(image.renew
      ? {
          renew() {
            check();
            image.renew?.();
          },
        }
      : {}),
    close() {
      if (!open) return;
      open = false;
      image.close();
    },
  };
}
