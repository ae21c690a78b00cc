import { existsSync } from 'node:fs';
import { type ByteSource, readUpTo } from '../core/bytes.ts';
import { Btf } from '../formats/btf/btf.ts';
import { factsFromBtf } from '../layout/from-btf.ts';
import { factsFromJson, parseLayout } from '../layout/from-json.ts';
import { layoutIndex, layoutPath, loadLayout } from '../layout/registry.ts';
import type { TypeFacts } from '../layout/type-facts.ts';
import { readKernelFile } from '../layout/vmlinux.ts';
import { openFile } from '../sources/file-source.ts';
import { inflateSection } from '../sources/inflate-section.ts';

/** Layout files are some 100 KB. */
const MAX_LAYOUT = 16 * 1024 * 1024;

/**
 * Reads the types that the user names: a layout file (JSON), a vmlinux, vmlinuz or debug file, raw BTF, or the release or
 * build id of a kernel in layouts/. Throws FormatError or UnsupportedError.
 */
export async function readTypes(path: string): Promise<TypeFacts> {
  const known = existsSync(path)
    ? undefined
    : layoutIndex().find((e) => e.release === path || e.buildId === path);
  if (known) return loadLayout(layoutPath(known)).types;
  const source = openFile(path);
  try {
    if (isJson(source)) {
      const text = new TextDecoder().decode(readUpTo(source, 0, Math.min(source.byteLength, MAX_LAYOUT)));
      return factsFromJson(parseLayout(text, path), path, 'layout-named');
    }
    const { btf, typesFrom, machine, buildId, symbols } = await readKernelFile(source, inflateSection);
    const confidence = typesFrom === 'BTF' ? 'btf-file' : 'dwarf';
    const types = factsFromBtf(Btf.parse(btf, path), `${typesFrom} of ${path}`, confidence);
    return {
      ...types,
      ...(machine === undefined ? {} : { machine }),
      ...(buildId === undefined || !symbols ? {} : { symbols: [{ buildId, offsets: symbols }] }),
    };
  } finally {
    source.close();
  }
}

function isJson(source: ByteSource): boolean {
  return /^\s*\{/.test(new TextDecoder('latin1').decode(readUpTo(source, 0, 64)));
}
