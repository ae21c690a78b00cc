import type { Identity } from './identity.ts';

/** Keys of the facts that exports say about their dump, and what they are called in messages. */
const MACHINE: Readonly<Record<string, string>> = {
  architecture: 'the architecture',
  page_size: 'the page size',
  release: 'the release',
  build_id: 'the build id',
};
const DRAWN: Readonly<Record<string, string>> = { boot_id: 'the boot id' };
const PREFIX = 'structpage.';

/** What the facts of an export tell about its kernel and boot. */
export function identityOfFacts(facts: ReadonlyMap<string, string>): Identity {
  const pick = (names: Readonly<Record<string, string>>): Map<string, string> => {
    const found = new Map<string, string>();
    for (const [key, what] of Object.entries(names)) {
      const value = facts.get(PREFIX + key);
      if (value !== undefined) found.set(what, value);
    }
    return found;
  };
  return { machine: pick(MACHINE), drawn: pick(DRAWN), places: new Map(), ticks: undefined };
}

/** The page size that the facts tell; undefined if they do not. */
export function pageBytesOf(facts: ReadonlyMap<string, string>): number | undefined {
  const text = facts.get(`${PREFIX}page_size`);
  return text !== undefined && /^\d{4,6}$/.test(text) ? Number(text) : undefined;
}
