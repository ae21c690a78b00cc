import { hex, type Pfn } from '../core/address.ts';
import type { Inspector } from './inspector.ts';

/** Holders of one kind that are listed; the others are counted. */
const MOST_HOLDERS = 20;

/**
 * What holds the references of a folio, a line for each holder with the chain of pointers that leads to it, and what remains.
 * Mappings are only counted: the owners of the page list them. Empty if its class does not tell what references it should have.
 */
export function referencesOfPage(
  { classes }: Inspector,
  head: Pfn,
  pages: number,
  { mapping, index, private: data }: Readonly<Record<string, string>>,
): string[] {
  const parts = classes.referencesOf(head);
  if (!parts) return [];
  const { refcount, mappings, cache, isSwapCache, privateData, pins, unexplained } = parts;
  const lines: string[] = [];
  const add = (count: number, what: string): void => {
    if (count > 0) lines.push(`${count} ${what}`);
  };
  add(mappings, 'mapped by page tables');
  add(
    cache,
    isSwapCache
      ? `swap cache: swap entry ${data}`
      : `page cache: address_space ${mapping} -> i_pages[${index}]`,
  );
  add(privateData, `private data: ${data}`);
  const held = classes.holders.filter(({ pfn }) => pfn >= head && pfn < head + pages);
  for (const { what, from, at } of held.slice(0, MOST_HOLDERS)) {
    add(1, `${what}: ${from === '' ? '' : `${from} -> `}${hex(at)}`);
  }
  add(held.length - MOST_HOLDERS, 'more holders of these kinds');
  add(pins, 'pinned, for DMA for example');
  const rest = unexplained === 0 ? 'all explained' : `${unexplained} unexplained`;
  return [`refcount ${refcount}, ${rest}`, ...lines];
}
