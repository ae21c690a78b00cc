import { elfCoreHead } from '../../src/formats/elf-write.ts';
import { openMemory } from '../../src/index.ts';

/** A piece of physical memory. */
export interface Part {
  readonly start: number;
  readonly bytes: Buffer;
}

/** The memory of a dump, in pieces, and its VMCOREINFO. */
export async function memoryOf(path: string): Promise<{ parts: Part[]; vmcoreinfo: string }> {
  const inspector = await openMemory(path);
  const parts: Part[] = [];
  for (const run of inspector.image.memory.runs) {
    if (run.state !== 'present') continue;
    const bytes = Buffer.alloc(run.end - run.start);
    if (inspector.image.memory.readInto(run.start, bytes) !== bytes.length)
      throw new Error(`${path} is damaged`);
    parts.push({ start: run.start, bytes });
  }
  const vmcoreinfo = inspector.kernel.vmcoreinfo?.text ?? '';
  inspector.close();
  return { parts, vmcoreinfo };
}

/** Memory without what lies in [start, end). */
export function without(parts: readonly Part[], start: number, end: number): Part[] {
  return parts
    .flatMap((p) => {
      const to = p.start + p.bytes.length;
      return [
        { start: p.start, bytes: p.bytes.subarray(0, Math.max(0, Math.min(to, start) - p.start)) },
        {
          start: Math.max(p.start, end),
          bytes: p.bytes.subarray(Math.min(p.bytes.length, Math.max(0, end - p.start))),
        },
      ];
    })
    .filter((p) => p.bytes.length > 0);
}

/** What QEMU notes of a CPU whose page tables have their root at `cr3`, as far as it is looked at. */
export function cpuNote(cr3: number, fiveLevels: boolean): { name: string; type: number; desc: Uint8Array } {
  const desc = new Uint8Array(440);
  const view = new DataView(desc.buffer);
  view.setUint32(0, 1, true);
  view.setBigUint64(392 + 24, BigInt(cr3), true);
  view.setBigUint64(392 + 32, fiveLevels ? 1n << 12n : 0n, true);
  return { name: 'QEMU', type: 0, desc };
}

/** An ELF core of some memory; `excluded` is declared without being there. */
export function elfOf(
  parts: readonly Part[],
  vmcoreinfo?: string,
  excluded?: { readonly start: number; readonly end: number },
  cpu?: ReturnType<typeof cpuNote>,
): Buffer {
  const notes = [
    ...(vmcoreinfo === undefined
      ? []
      : [{ name: 'VMCOREINFO', type: 0, desc: new TextEncoder().encode(vmcoreinfo) }]),
    ...(cpu ? [cpu] : []),
  ];
  const loads = parts.map(({ start, bytes }) => ({
    physical: start,
    memorySize: bytes.length,
    fileSize: bytes.length,
  }));
  if (excluded) {
    const { start, end } = excluded;
    loads.push({ physical: start, memorySize: end - start, fileSize: 0 });
  }
  return Buffer.concat([elfCoreHead(62, notes, loads), ...parts.map((p) => p.bytes)]);
}
