import type { ByteSource } from '../core/bytes.ts';
import { FormatError, StructPageError, UnsupportedError } from '../core/errors.ts';
import { filesBeside, openRegular } from './file-source.ts';
import type { OpenContext, OpenImage } from './image-format.ts';
import { FORMATS, WRAPPERS } from './registry.ts';

/** Maximum number of nested compressions. */
const MAX_WRAPPERS = 3;

/**
 * Recognises `source` by its content and opens it. Takes over the source, even on failure. Looks for files that belong to
 * it in the same directory, if it is a file and `context` does not say otherwise. Throws FormatError or UnsupportedError.
 */
export function openImage(source: ByteSource, context: OpenContext = {}): Promise<OpenImage> {
  return openImages([source], context);
}

/** Opens a dump of several files, in any order: the parts of a split dump, or memory with its description. */
export async function openImages(
  sources: readonly ByteSource[],
  context: OpenContext = {},
): Promise<OpenImage> {
  const hows: string[] = [];
  const warnings: string[] = [];
  const open: ByteSource[] = [...sources];
  const inputs = new Set(sources.map((source) => source.name));
  try {
    for (let i = 0; i < open.length; i++) {
      const unwrapped = await unwrapAll(open[i]!, context);
      open[i] = unwrapped.source;
      warnings.push(...unwrapped.warnings);
      if (i === 0) hows.push(...unwrapped.hows);
    }
    const formats = open.map((source) => findFormat(source));
    // the most specific format leads, whatever the order of the files
    const lead = formats.reduce((best, f, i) => (rank(f) < rank(formats[best]!) ? i : best), 0);
    const format = formats[lead]!;
    const parts = open.filter((_, i) => i !== lead);
    if (parts.length > 0 && !format.takesParts) {
      throw new UnsupportedError(
        `${open.map((s) => s.name).join(', ')}: ${open.length} files, of which the first to be looked at (${open[lead]!.name}) is ${format.name}, which is one file`,
        'only the parts of one split dump, pieces of raw memory, or a .vmem and its .vmss can be combined',
      );
    }
    const image = await format.open(open[lead]!, {
      beside: filesBeside,
      ...context,
      sibling: (name) => {
        const source = (context.sibling ?? openRegular)(name);
        if (!source) return undefined;
        inputs.add(name);
        return onClose(source, () => inputs.delete(name));
      },
      ...(parts.length > 0 ? { parts } : {}),
    });
    return {
      ...image,
      files: [...open],
      inputs: [...inputs],
      format: [image.format, ...hows].join(', '),
      warnings: [...warnings, ...image.warnings],
    };
  } catch (error) {
    for (const source of open) source.close();
    if (warnings.length > 0 && error instanceof StructPageError) error.message += ` (${warnings.join('; ')})`;
    throw error;
  }
}

/** The same source, which calls `then` when it is closed: a format closes files that it does not use. */
function onClose(source: ByteSource, then: () => void): ByteSource {
  return {
    name: source.name,
    byteLength: source.byteLength,
    ...(source.fd === undefined ? {} : { fd: source.fd }),
    readInto: (offset, target) => source.readInto(offset, target),
    close() {
      then();
      source.close();
    },
  };
}

/** Removes every layer of compression around a source. */
export async function unwrapAll(
  source: ByteSource,
  context: OpenContext,
): Promise<{ source: ByteSource; hows: string[]; warnings: string[] }> {
  const hows: string[] = [];
  const warnings: string[] = [];
  let inner = source;
  try {
    for (let wrapper = find(inner); wrapper; wrapper = find(inner)) {
      if (hows.length === MAX_WRAPPERS) {
        throw new FormatError({
          file: source.name,
          expected: `at most ${MAX_WRAPPERS} layers of compression`,
          found: 'more',
        });
      }
      const unwrapped = await wrapper.unwrap(inner, context);
      inner = unwrapped.source;
      hows.push(unwrapped.how);
      warnings.push(...unwrapped.warnings);
    }
  } catch (error) {
    inner.close();
    if (warnings.length > 0 && error instanceof StructPageError) error.message += ` (${warnings.join('; ')})`;
    throw error;
  }
  return { source: inner, hows, warnings };
}

function find(source: ByteSource): (typeof WRAPPERS)[number] | undefined {
  return WRAPPERS.find((w) => w.probe(source));
}

function findFormat(source: ByteSource): (typeof FORMATS)[number] {
  const format = FORMATS.find((f) => f.probe(source));
  if (format) return format;
  throw new FormatError({ file: source.name, expected: 'a known dump format', found: 'none' });
}

function rank(format: (typeof FORMATS)[number]): number {
  return FORMATS.indexOf(format);
}
