import { StructPageError, UnsupportedError } from '../core/errors.ts';
import { parseNotes } from '../formats/elf-notes.ts';
import { openKernel } from '../kernel/open-kernel.ts';
import { type Host, readHost } from '../native/host.ts';
import { explainRefusal, refusalError } from '../native/refusal.ts';
import { DEV_CRASH, DEV_MEM, type Device, openDevice } from '../sources/dev-mem.ts';
import { guarded } from '../sources/guarded.ts';
import type { OpenImage } from '../sources/image-format.ts';
import { openKcore } from '../sources/kcore.ts';
import type { Inspector } from './inspector.ts';
import { inspect, type OpenOptions } from './open.ts';

/** A method of reading this machine's memory: /proc/kcore, /dev/crash, /dev/mem mapped, /dev/mem by read(2). */
export type LiveMethod = 'kcore' | 'crash' | 'mmap' | 'read';

/** Every method, in the order in which they are tried. */
export const LIVE_METHODS: readonly LiveMethod[] = ['kcore', 'crash', 'mmap', 'read'];

/** How to open this machine's memory. */
export interface LiveOptions extends OpenOptions {
  /** The only method to try; all in turn by default. */
  readonly method?: LiveMethod;
}

const KCORE = '/proc/kcore';
/** The file of each method. */
export const LIVE_PATHS: Readonly<Record<LiveMethod, string>> = {
  kcore: KCORE,
  crash: DEV_CRASH.path,
  mmap: DEV_MEM.path,
  read: DEV_MEM.path,
};
const latin1 = new TextDecoder('latin1');

/** The method whose file was named as if it were a dump; undefined for all other files. */
export function liveMethodOf(path: string): LiveMethod | undefined {
  return LIVE_METHODS.find((method) => LIVE_PATHS[method] === path);
}

/**
 * Opens the memory of this machine, read-only. Throws an UnsupportedError that tells for each method why it does not work
 * and what to do; FormatError, FaultError and LayoutError as for a dump.
 */
export async function openLive(options: LiveOptions = {}): Promise<Inspector> {
  const host = readHost();
  const methods = options.method ? [options.method] : LIVE_METHODS;
  const refusals: UnsupportedError[] = [];
  for (const method of methods) {
    let image: OpenImage;
    try {
      image = guarded(openMethod(method, host));
    } catch (error) {
      if (!(error instanceof UnsupportedError)) throw error;
      refusals.push(error);
      continue;
    }
    try {
      return inspect(image, openKernel(image, image.format, options.progress), options);
    } catch (error) {
      image.close();
      throw error;
    }
  }
  throw allClosed(refusals);
}

/** Opens this machine's memory by one method. Throws UnsupportedError with the reason and the remedy. */
export function openMethod(method: LiveMethod, host: Host): OpenImage {
  switch (method) {
    case 'kcore':
      try {
        return openKcore(KCORE, host.iomem);
      } catch (error) {
        if (error instanceof StructPageError) throw error;
        const code = (error as NodeJS.ErrnoException).code ?? String(error);
        throw refusalError(explainRefusal(KCORE, 'open', code, host));
      }
    case 'crash':
      return withVmcoreinfo(DEV_CRASH, host);
    case 'mmap':
    case 'read':
      return withVmcoreinfo(DEV_MEM, host, method);
  }
}

/** A device has no notes: VMCOREINFO comes from /proc/kcore, or from the address in /sys/kernel/vmcoreinfo. */
function withVmcoreinfo(device: Device, host: Host, method?: 'mmap' | 'read'): OpenImage {
  const image = openDevice(device, host, method);
  const text = vmcoreinfoOfKcore() ?? vmcoreinfoInMemory(image, host);
  return text === undefined ? image : { ...image, vmcoreinfo: text };
}

function vmcoreinfoOfKcore(): string | undefined {
  try {
    const image = openKcore(KCORE);
    image.close();
    const note = image.notes.find((n) => n.name === 'VMCOREINFO');
    return note && latin1.decode(note.desc);
  } catch {
    return undefined;
  }
}

function vmcoreinfoInMemory(image: OpenImage, host: Host): string | undefined {
  if (!host.vmcoreinfo) return undefined;
  const { start, end } = host.vmcoreinfo;
  const bytes = new Uint8Array(Math.min(end - start, 65536));
  const { notes } = parseNotes(bytes.subarray(0, image.memory.readInto(start, bytes)));
  const note = notes.find((n) => n.name === 'VMCOREINFO');
  return note && latin1.decode(note.desc);
}

function allClosed(refusals: readonly UnsupportedError[]): UnsupportedError {
  const [first] = refusals;
  if (first && refusals.length === 1) return first;
  // few machines have /dev/crash, so its absence explains nothing
  const telling = refusals.filter((r) => !r.what.startsWith(`there is no ${DEV_CRASH.path}`));
  const lines = [...new Set(telling.map((r) => r.message))].map((line) => `\n  - ${line}`).join('');
  const error = new UnsupportedError(
    'the memory of this machine cannot be read',
    'one of the ways that structpage doctor lists',
  );
  error.message = `no dump given, and this machine's memory cannot be read:${lines}`;
  return error;
}
