/** The element with an id, which the page has. */
export function byId<E extends HTMLElement = HTMLElement>(id: string): E {
  return document.getElementById(id) as E;
}

/** An element with text in it; text is never read as HTML. */
export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  text = '',
  ...children: readonly Node[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  made.textContent = text;
  made.append(...children);
  return made;
}

/** Rows of labels and values for a dl. */
export function definitions(rows: readonly (readonly [string, string])[]): Node[] {
  return rows.flatMap(([label, value]) => [element('dt', label), element('dd', value)]);
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** A size in the largest unit in which it is at least 1. */
export function sizeOf(bytes: number): string {
  let unit = 0;
  let size = bytes;
  while (size >= 1024 && unit < UNITS.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${Number.isInteger(size) ? size : size.toFixed(1)} ${UNITS[unit]}`;
}

/** A number with thousands apart. */
export function countOf(count: number): string {
  return `${count}`.replace(/\B(?=(\d{3})+$)/g, '\u202f');
}

export function hex(value: number | bigint): string {
  return `0x${value.toString(16)}`;
}
