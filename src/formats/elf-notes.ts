import { cString, viewOf } from '../core/bytes.ts';

/** An ELF note: its owner, type number, and bytes. */
export interface ElfNote {
  readonly name: string;
  readonly type: number;
  readonly desc: Uint8Array;
}

/**
 * The notes of a PT_NOTE segment, aligned to 4 bytes as the kernel, QEMU and makedumpfile write them. A note whose sizes
 * lead outside `bytes` ends the list, and so do `most` notes; `cut` tells so, and the notes before are kept.
 */
export function parseNotes(
  bytes: Uint8Array,
  littleEndian = true,
  most: number = Infinity,
): { notes: ElfNote[]; cut: boolean } {
  const view = viewOf(bytes);
  const notes: ElfNote[] = [];
  let at = 0;
  while (at + 12 <= bytes.length) {
    const nameSize = view.getUint32(at, littleEndian);
    const descSize = view.getUint32(at + 4, littleEndian);
    const type = view.getUint32(at + 8, littleEndian);
    const nameAt = at + 12;
    const descAt = nameAt + Math.ceil(nameSize / 4) * 4;
    const end = descAt + descSize;
    if (nameSize === 0 && descSize === 0 && type === 0) {
      at += 12; // padding between the notes of several CPUs
      continue;
    }
    if (end > bytes.length || notes.length >= most) return { notes, cut: true };
    notes.push({
      name: cString(bytes.subarray(nameAt, nameAt + nameSize)),
      type,
      desc: bytes.subarray(descAt, end),
    });
    at = descAt + Math.ceil(descSize / 4) * 4;
  }
  return { notes, cut: at < bytes.length && bytes.subarray(at).some((b) => b !== 0) };
}

/** The note of a file that `structpage capture` wrote. */
export function captureNote(hasObjects: boolean): ElfNote {
  const text = `structpage capture 1${hasObjects ? WITH_OBJECTS : ''}`;
  return { name: CAPTURE, type: 1, desc: new TextEncoder().encode(text) };
}

const CAPTURE = 'STRUCTPAGE';
const WITH_OBJECTS = ' with objects';

/** Whether `structpage capture` wrote the file, and whether with the kernel's objects. */
export function captureOf(notes: readonly ElfNote[]): 'plain' | 'objects' | undefined {
  const note = notes.find((n) => n.name === CAPTURE);
  if (!note) return undefined;
  return new TextDecoder('latin1').decode(note.desc).includes(WITH_OBJECTS) ? 'objects' : 'plain';
}
