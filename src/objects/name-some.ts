/** Names that are written out; the others are counted. */
const MOST_NAMED = 3;

/** Some names in words: `web[214], web[215]`, and how many more there are. */
export function nameSome(names: readonly string[]): string {
  const rest = names.length - MOST_NAMED;
  const shown = names.slice(0, MOST_NAMED).join(', ');
  return rest > 0 ? `${shown} and ${rest} more` : shown;
}
