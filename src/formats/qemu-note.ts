import { viewOf } from '../core/bytes.ts';
import type { ElfNote } from './elf-notes.ts';

/** Version 1 of QEMU's per-CPU note; cr[0..4] are five words from byte 392 on (QEMUCPUState, target/i386/arch_dump.c). */
const VERSION = 1;
const CR0 = 392;

/** CR3 and CR4 of a CPU from the note of QEMU's dump-guest-memory; undefined for other notes. */
export function qemuControlRegisters(note: ElfNote): { cr3: bigint; cr4: bigint } | undefined {
  if (note.name !== 'QEMU' || note.desc.length < CR0 + 40) return undefined;
  const view = viewOf(note.desc);
  if (view.getUint32(0, true) !== VERSION) return undefined;
  return { cr3: view.getBigUint64(CR0 + 24, true), cr4: view.getBigUint64(CR0 + 32, true) };
}
