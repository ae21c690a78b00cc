import { UsageError } from '../../core/errors.ts';
import type { NameTest, Test } from './syntax.ts';

/**
 * Makes the test for a name, ignoring case. A value without a name, such as zone 5 of a kernel with four zones, is `?5` and
 * also matches 5.
 */
export function nameTest(test: NameTest): (name: string) => boolean {
  if (test.kind === 'pattern') return matcher(test);
  if (test.kind === 'holds') return holder(test);
  const names = new Set(test.names.map((name) => name.toLowerCase()));
  for (const name of names) if (/^\d+$/.test(name)) names.add(`?${Number(name)}`);
  return (name) => names.has(name.toLowerCase());
}

/**
 * Makes the test for a list, ignoring case. An element matches its own name, the name before a note (`/web` of `/web (dying)`, `web`
 * of `web[214]`), and each path above it.
 */
function holder({ parts, how, names }: Extract<Test, { kind: 'holds' }>): (name: string) => boolean {
  const wanted = names.map((name) => name.toLowerCase());
  const isOne = (element: string, name: string): boolean => {
    if (element === name) return true;
    if (name === '' || !element.startsWith(name)) return false;
    return name.endsWith('/') || /^(?:\/| \(|\[\d+\]$)/.test(element.slice(name.length));
  };
  return (list) => {
    if (list === '') return false;
    const elements = list.toLowerCase().split(parts);
    const has = (name: string): boolean => elements.some((element) => isOne(element, name));
    return how === 'all' ? wanted.every(has) : wanted.some(has);
  };
}

/**
 * Makes the test for a pattern, ignoring case. `like` takes a glob for the whole name (`*`, `?`, `[a-z]`, `[!a-z]`, and `\`
 * before a literal character); `=~` takes a JavaScript regular expression for any part of it. The empty name matches
 * nothing. Throws UsageError for an invalid regular expression.
 */
export function matcher({
  operator,
  pattern,
}: Extract<Test, { kind: 'pattern' }>): (name: string) => boolean {
  if (operator === 'like') {
    const glob = compileGlob(pattern.toLowerCase());
    return (name) => name !== '' && matchesGlob(glob, name.toLowerCase());
  }
  try {
    const regexp = new RegExp(pattern, 'i');
    return (name) => name !== '' && regexp.test(name);
  } catch (error) {
    throw new UsageError(`in --where: '${pattern}' is not a regular expression: ${(error as Error).message}`);
  }
}

/** One character, or any number of them. */
type Part = '*' | ((character: string) => boolean);

function compileGlob(glob: string): Part[] {
  const parts: Part[] = [];
  for (let i = 0; i < glob.length; i++) {
    const character = glob[i]!;
    const close = character === '[' ? glob.indexOf(']', i + 2) : -1;
    if (character === '*') parts.push('*');
    else if (character === '?') parts.push(() => true);
    else if (close > 0) {
      parts.push(oneOf(glob.slice(i + 1, close)));
      i = close;
    } else {
      const meant = character === '\\' && i + 1 < glob.length ? glob[++i]! : character;
      parts.push((c) => c === meant);
    }
  }
  return parts;
}

/** The characters and ranges between brackets; a leading ! or ^ excludes them. */
function oneOf(list: string): (character: string) => boolean {
  const excludes = list.length > 1 && /^[!^]/.test(list);
  const ranges: [string, string][] = [];
  for (let i = excludes ? 1 : 0; i < list.length; i++) {
    const isRange = list[i + 1] === '-' && i + 2 < list.length;
    ranges.push([list[i]!, list[isRange ? i + 2 : i]!]);
    if (isRange) i += 2;
  }
  return (c) => ranges.some(([from, to]) => c >= from && c <= to) !== excludes;
}

/** Only the last `*` is retried, so the time is bounded by the product of both lengths. */
function matchesGlob(parts: readonly Part[], name: string): boolean {
  let part = 0;
  let at = 0;
  let star = -1;
  let resume = 0;
  while (at < name.length) {
    const test = parts[part];
    if (test === '*') {
      star = part++;
      resume = at;
    } else if (test?.(name[at]!)) {
      part++;
      at++;
    } else if (star >= 0) {
      part = star + 1;
      at = ++resume;
    } else return false;
  }
  while (parts[part] === '*') part++;
  return part === parts.length;
}
