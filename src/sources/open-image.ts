import type { ByteSource } from '../core/bytes.ts';
import { FormatError, StructPageError } from '../core/errors.ts';
import type { OpenContext, OpenImage } from './image-format.ts';
import { FORMATS, WRAPPERS } from './registry.ts';

/** How deep compressed files may be nested in one another. */
const MAX_WRAPPERS = 3;

/**
 * Finds out by content what `source` is and opens it. Takes over the source, also when it fails.
 * Throws FormatError or UnsupportedError.
 */
export async function openImage(source: ByteSource, context: OpenContext = {}): Promise<OpenImage> {
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
    const format = FORMATS.find((f) => f.probe(inner));
    if (!format) throw new FormatError({ file: source.name, expected: 'a known dump format', found: 'none' });
    const image = format.open(inner, context);
    return {
      ...image,
      format: [image.format, ...hows.map((how) => `${how}-compressed`)].join(', '),
      warnings: [...warnings, ...image.warnings],
    };
  } catch (error) {
    inner.close();
    if (warnings.length > 0 && error instanceof StructPageError) error.message += ` (${warnings.join('; ')})`;
    throw error;
  }
}

function find(source: ByteSource): (typeof WRAPPERS)[number] | undefined {
  return WRAPPERS.find((w) => w.probe(source));
}
