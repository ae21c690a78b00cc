/** A vmlinux as small as can be: an ELF file of nothing but named sections. */
export function vmlinuxBytes(sections: Readonly<Record<string, Uint8Array>>, bigEndian = false): Uint8Array {
  const all = Object.entries(sections);
  const names = Buffer.from(`\0${[...all.map(([name]) => name), '.shstrtab'].join('\0')}\0`, 'latin1');
  const bodies: [string, Uint8Array][] = [...all, ['.shstrtab', names]];
  const headersAt = bodies.reduce((at, [, body]) => at + body.length, 64);
  const out = new Uint8Array(headersAt + 64 * (bodies.length + 1));
  const view = new DataView(out.buffer);
  const little = !bigEndian;
  out.set([0x7f, 0x45, 0x4c, 0x46, 2, bigEndian ? 2 : 1, 1]);
  view.setUint16(16, 2, little);
  view.setUint16(18, 62, little);
  view.setBigUint64(40, BigInt(headersAt), little);
  view.setUint16(58, 64, little);
  view.setUint16(60, bodies.length + 1, little);
  view.setUint16(62, bodies.length, little);
  let at = 64;
  for (const [i, [name, body]] of bodies.entries()) {
    const header = headersAt + 64 * (i + 1);
    view.setUint32(header, names.indexOf(`\0${name}\0`) + 1, little);
    view.setUint32(header + 4, 1, little);
    view.setBigUint64(header + 24, BigInt(at), little);
    view.setBigUint64(header + 32, BigInt(body.length), little);
    out.set(body, at);
    at += body.length;
  }
  return out;
}

/** A note as in .notes: name, type, and bytes. */
export function noteBytes(name: string, type: number, desc: Uint8Array): Uint8Array {
  const padded = Buffer.alloc(Math.ceil((name.length + 1) / 4) * 4);
  padded.write(name, 'latin1');
  const head = Buffer.alloc(12);
  head.writeUInt32LE(name.length + 1, 0);
  head.writeUInt32LE(desc.length, 4);
  head.writeUInt32LE(type, 8);
  return Buffer.concat([head, padded, desc, Buffer.alloc(-desc.length & 3)]);
}

/** A bootable kernel around a compressed one (Documentation/arch/x86/boot.rst). */
export function bzImageBytes(payload: Uint8Array): Uint8Array {
  const out = new Uint8Array(5 * 512 + 256 + payload.length);
  const view = new DataView(out.buffer);
  out.set([0x55, 0xaa], 0x1fe);
  out.set(Buffer.from('HdrS'), 0x202);
  view.setUint8(0x1f1, 4);
  view.setUint32(0x248, 256, true);
  view.setUint32(0x24c, payload.length, true);
  out.set(payload, 5 * 512 + 256);
  return out;
}
