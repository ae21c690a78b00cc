import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { FormatError, UsageError } from '../core/errors.ts';
import { factsFromJson, parseLayout } from './from-json.ts';
import type { LayoutFile } from './layout-file.ts';
import type { Confidence, TypeFacts } from './type-facts.ts';

/** A kernel that a layouts/ file is about. */
export interface LayoutEntry {
  readonly arch: string;
  readonly release: string;
  readonly buildId: string;
  /** Below layouts/, e.g. `x86_64/6.12.107+deb13-cloud-amd64.json`. */
  readonly file: string;
}

/** What is known of a kernel whose types are wanted. */
export interface LayoutQuery {
  readonly arch: string;
  readonly release?: string | undefined;
  readonly buildId?: string | undefined;
}

export interface FoundLayout {
  readonly entry: LayoutEntry;
  readonly types: TypeFacts;
}

/** layouts/ of this package: next to src/ and to dist/ alike. */
const LAYOUTS: URL = new URL('../../layouts/', import.meta.url);
/** Loops of other releases that are worth a try. */
const MAX_NEAREST = 3;

/**
 * The layouts/ files for a kernel, best first: that of its build, that of its release, then those of the nearest
 * releases, of which `confidence` says so: try them against the memory before believing them. Reads
 * layouts/index.json and, as the caller goes on, one file after the other.
 * @throws FormatError when a file is damaged
 */
export function* findLayouts(query: LayoutQuery, root: URL = LAYOUTS): Generator<FoundLayout> {
  const entries = layoutIndex(root).filter((entry) => entry.arch === query.arch);
  const seen = new Set<string>();
  const found = function* (
    candidates: readonly LayoutEntry[],
    confidence: Confidence,
  ): Generator<FoundLayout> {
    for (const entry of candidates) {
      if (seen.has(entry.file)) continue;
      seen.add(entry.file);
      const origin = `layouts/${entry.file}`;
      const types = factsFromJson(
        parseLayout(readText(new URL(entry.file, root)), origin),
        origin,
        confidence,
      );
      yield { entry, types };
    }
  };
  const { buildId, release } = query;
  if (buildId)
    yield* found(
      entries.filter((entry) => entry.buildId === buildId),
      'layout-build-id',
    );
  if (!release) return;
  yield* found(
    entries.filter((entry) => entry.release === release),
    'layout-release',
  );
  let left = MAX_NEAREST;
  for (const layout of found(byDistance(entries, release), 'layout-nearest')) {
    yield layout;
    if (--left === 0) return;
  }
}

/** All kernels that there are facts of; none where the package was installed without layouts/. */
export function layoutIndex(root: URL = LAYOUTS): readonly LayoutEntry[] {
  const file = 'layouts/index.json';
  let text: string;
  try {
    text = readText(new URL('index.json', root));
  } catch {
    return [];
  }
  try {
    const { kernels } = JSON.parse(text) as { kernels: LayoutEntry[] };
    const whole = (entry: LayoutEntry): boolean =>
      [entry.arch, entry.release, entry.buildId, entry.file].every((field) => typeof field === 'string');
    if (Array.isArray(kernels) && kernels.every(whole)) return kernels;
  } catch {
    // said below
  }
  throw new FormatError({
    file,
    expected: 'a list "kernels" of arch, release, buildId and file',
    found: `${text.slice(0, 40)}…`,
    advice: 'Make it again with scripts/layout-index.mjs',
  });
}

/** Path of the file that an entry is about. */
export function layoutPath(entry: LayoutEntry): string {
  return fileURLToPath(new URL(entry.file, LAYOUTS));
}

/** A layouts/ file that the user names. */
export function loadLayout(path: string): { readonly file: LayoutFile; readonly types: TypeFacts } {
  let text: string;
  try {
    text = readText(path);
  } catch (error) {
    throw new UsageError(`${path}: cannot be read: ${(error as Error).message}`);
  }
  const file = parseLayout(text, path);
  return { file, types: factsFromJson(file, path, 'layout-named') };
}

function readText(path: string | URL): string {
  return readFileSync(path, 'utf8');
}

function byDistance(entries: readonly LayoutEntry[], release: string): LayoutEntry[] {
  const wanted = parseRelease(release);
  if (!wanted) return [];
  const distance = (entry: LayoutEntry): readonly number[] => {
    const here = parseRelease(entry.release);
    if (!here) return [Number.POSITIVE_INFINITY];
    return [
      Math.abs(here.minor - wanted.minor),
      // A configuration moves more members than a stable release does.
      here.flavour === wanted.flavour ? 0 : 1,
      Math.abs(here.patch - wanted.patch),
    ];
  };
  const ranked = entries.map((entry) => ({ entry, distance: distance(entry) }));
  ranked.sort((a, b) => a.distance.map((d, i) => d - (b.distance[i] ?? 0)).find((d) => d !== 0) ?? 0);
  return ranked.map(({ entry }) => entry);
}

/** Releases of each major version before the next: 3.0 to 3.19, 4.0 to 4.20, 5.0 to 5.19, 6.0 to 6.19. */
const MINORS = [0, 0, 0, 20, 21, 20, 20];

interface Release {
  /** Counted through from 3.0 on, so that 7.0 is next to 6.19. */
  readonly minor: number;
  readonly patch: number;
  readonly flavour: string;
}

function parseRelease(release: string): Release | undefined {
  const match = /^(\d+)\.(\d+)(?:\.(\d+))?(.*)$/.exec(release);
  if (!match) return undefined;
  let minor = Number(match[2]);
  for (let major = 3; major < Math.min(100, Number(match[1])); major++) minor += MINORS[major] ?? 20;
  const flavour = /cloud|rt|azure|aws|gcp|lowlatency|generic/.exec(match[4]!)?.[0] ?? '';
  return { minor, patch: Number(match[3] ?? 0), flavour };
}
