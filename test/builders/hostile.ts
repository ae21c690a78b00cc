import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { SAMPLE } from '../cli/run.ts';

/** The sample capture, unpacked. */
export function sampleBytes(): Buffer {
  return gunzipSync(readFileSync(SAMPLE));
}

/** Writes other text over all occurrences of a text; what is longer is cut, what is shorter is padded. Throws if there are none. */
export function overwrite(bytes: Buffer, old: string, text: string, pad = 'x'): void {
  const put = Buffer.from(text.padEnd(old.length, pad).slice(0, old.length), 'latin1');
  let found = 0;
  for (let at = bytes.indexOf(old, 0, 'latin1'); at >= 0; at = bytes.indexOf(old, at + 1, 'latin1')) {
    put.copy(bytes, at);
    found++;
  }
  if (found === 0) throw new Error(`no '${old}' in the sample`);
}

const RELEASE = '6.12.107+deb13-cloud-amd64';

/** The sample with terminal controls in all that a dump can call as it likes: release, banner, build id, names. */
export function hostileSample(): Buffer {
  const bytes = sampleBytes();
  const info = bytes.indexOf('BUILD-ID=', 0, 'latin1') + 9;
  Buffer.from('\x1b[5mblink', 'latin1').copy(bytes, info);
  overwrite(bytes, RELEASE, '6.12\x1b]0;owned\x07\x9b31m\x7f');
  overwrite(bytes, '\0ZONE_DMA32\0', '\0ZONE_\x1b[7m\0', '\0');
  overwrite(bytes, '\0PG_referenced\0', '\0PG_\x9b7m\x1b[31m\0', '\0');
  overwrite(bytes, 'kmalloc-512\0', "=1+cmd|'/x'\0");
  return bytes;
}

/** A layout file of the sample's kernel in which the names of a zone and a flag hold terminal controls. */
export function hostileLayout(): string {
  const file = fileURLToPath(
    new URL('../../layouts/x86_64/6.12.107+deb13-cloud-amd64.json', import.meta.url),
  );
  return readFileSync(file, 'utf8')
    .replaceAll('"ZONE_DMA32"', '"ZONE_\\u001b[7m"')
    .replaceAll('"PG_referenced"', '"PG_\\u009b7m\\u001b[31m\\u202e"');
}
