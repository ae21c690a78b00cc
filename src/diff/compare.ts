import { basisOf, isByPage, relationOf } from './basis.ts';
import { type Growth, growthOf, type Part } from './growth.ts';
import type { Relation } from './identity.ts';
import type { Measure, OwnerColumn, Stop } from './stop.ts';
import { type Suspect, suspectsOf } from './suspects.ts';
import { Tally } from './tally.ts';
import { walkStops } from './walk.ts';
import { WINDOW } from './windows.ts';

/** Pages that were used for one thing in the first stop and for another, or the same, in the last. */
export interface Flow {
  /** Empty for page frames without a readable struct page. */
  readonly from: string;
  readonly to: string;
  readonly pages: number;
}

/** How the pages of two or more stops differ. */
export interface Comparison {
  readonly stops: readonly Stop[];
  readonly measure: Measure;
  /** Why they are not compared by class; undefined if they are. */
  readonly withoutClasses: string | undefined;
  /** How the stops are related; the most distant relation of neighbours. */
  readonly relation: Relation;
  /** Whether pages were compared one by one, which needs stops of one boot. */
  readonly byPage: boolean;
  /** Pages by use, most pages of the last stop first. */
  readonly uses: readonly Part[];
  /** Pages by use in the first and in the last stop, most pages first; empty unless `byPage`. */
  readonly flows: readonly Flow[];
  /** What grew, by column, largest growth first. */
  readonly growth: readonly Growth[];
  /** Owners whose pages may be leaked, most suspicious first; empty unless `byPage`. */
  readonly suspects: readonly Suspect[];
  /** Columns by which no growth is told, since not all stops have them. */
  readonly lacking: readonly OwnerColumn[];
}

/** Compares the pages of two or more stops, which are in the order of time. */
export async function compareStops(stops: readonly Stop[], wanted?: Measure): Promise<Comparison> {
  const relation = relationOf(stops);
  const byPage = isByPage(relation);
  const basis = basisOf(stops, wanted);
  const { names, owners, measure, hands } = basis;
  const uses = stops.map(() => new Tally());
  const perHand = stops.map(() => new Tally());
  const perOwner = stops.map(() => new Map(owners.map((name) => [name, new Tally()])));
  const lost = new Tally();
  const through = new Tally();
  const flows = new Map<number, number>();

  for await (const { held, codes } of walkStops(stops, basis)) {
    for (const [i, { uses: used, hands: own }] of held.entries()) {
      count(uses[i]!, used, hands.uses.length);
      count(perHand[i]!, own, hands.hands.length);
      for (const [name, tally] of perOwner[i]!) {
        count(tally, codes[i]!.get(name)!, names.get(name)!.names.length);
      }
    }
    if (!byPage) continue;
    addFlows(flows, held[0]!.uses, held.at(-1)!.uses);
    const room = hands.hands.length;
    addStays(
      held.map((h) => h.hands),
      lost.room(room),
      through.room(room),
    );
  }
  const part = (name: string, code: number, tallies: readonly Tally[]): Part => ({
    name,
    pages: tallies.map((t) => t.of(code)),
  });
  const parts = hands.uses.map((name, code) => part(name, code, uses)).slice(1);
  return {
    stops,
    measure,
    withoutClasses: basis.withoutClasses,
    relation,
    byPage,
    uses: parts.sort((a, b) => b.pages.at(-1)! - a.pages.at(-1)! || (a.name < b.name ? -1 : 1)),
    flows: [...flows]
      .map(([key, pages]) => ({
        from: hands.uses[Math.floor(key / 65536)]!,
        to: hands.uses[key % 65536]!,
        pages,
      }))
      .sort((a, b) => b.pages - a.pages),
    growth: [
      growthOf(measure, parts),
      ...owners.map((name) =>
        growthOf(
          name,
          names.get(name)!.names.map((text, code) =>
            part(
              text,
              code,
              perOwner.map((o) => o.get(name)!),
            ),
          ),
          byPage,
        ),
      ),
    ],
    suspects: byPage
      ? suspectsOf(
          hands.hands.map((hand, code) => ({
            ...hand,
            pages: perHand.map((t) => t.of(code)),
            lost: lost.of(code),
            through: through.of(code),
          })),
        )
      : [],
    lacking: basis.lacking,
  };
}

function count(tally: Tally, codes: Uint16Array | Uint32Array, room: number): void {
  const counts = tally.room(room);
  for (let i = 0; i < codes.length; i++) counts[codes[i]!]!++;
}

/** Counts pairs of uses; neighbouring pages mostly have the same pair. */
function addFlows(flows: Map<number, number>, before: Uint16Array, after: Uint16Array): void {
  const add = (key: number, pages: number): void => {
    if (key > 0) flows.set(key, (flows.get(key) ?? 0) + pages);
  };
  let last = 0;
  let run = 0;
  for (let i = 0; i < before.length; i++) {
    const key = before[i]! * 65536 + after[i]!;
    if (key === last) run++;
    else {
      add(last, run);
      last = key;
      run = 1;
    }
  }
  add(last, run);
}

/** Counts the pages that each hand gave up from one stop to the next, and those that it has in all. */
function addStays(hands: readonly Uint32Array[], lost: Float64Array, through: Float64Array): void {
  const [first] = hands;
  for (let i = 0; i < WINDOW; i++) {
    let stayed = true;
    for (let s = 1; s < hands.length; s++) {
      const before = hands[s - 1]![i]!;
      if (before === hands[s]![i]) continue;
      stayed = false;
      lost[before]!++;
    }
    if (stayed) through[first![i]!]!++;
  }
}
