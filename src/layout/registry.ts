import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { FormatError, UsageError } from '../core/errors.ts';
import { factsFromJson, parseLayout } from './from-json.ts';
import type { LayoutFile } from './layout-file.ts';
import type { Confidence, TypeFacts } from './type-facts.ts';

/** A kernel with a layouts/ file. */
export interface LayoutEntry {
  readonly arch: string;
  readonly release: string;
  readonly buildId: string;
  /** Path below layouts/, e.g. `x86_64/6.12.107+deb13-cloud-amd64.json`. */
  readonly file: string;
}

/** What is known about a kernel whose types are needed. */
export interface LayoutQuery {
  readonly arch: string;
  readonly release?: string | undefined;
  readonly buildId?: string | undefined;
}

export interface FoundLayout {
  readonly entry: LayoutEntry;
  readonly types: TypeFacts;
}

/** The layouts/ folder of this package, which is next to both src/ and dist/. */
const LAYOUTS: URL = new URL('../../layouts/', import.meta.url);
/** Maximum number of layouts of other releases to try. */
const MAX_NEAREST = 3;

/**
 * The layouts/ files for a kernel, best first: the file of its build, of its release, then of the nearest releases.
 * `confidence` tells which; try a layout against the memory before trusting it. Reads layouts/index.json, then one file at
 * a time as the caller continues.
 * @throws FormatError if a file is damaged
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

/** All kernels with a layout file; none if the package was installed without layouts/. */
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
    // reported below
  }
  throw new FormatError({
    file,
    expected: 'a list "kernels" of arch, release, buildId and file',
    found: `${text.slice(0, 40)}…`,
    advice: 'Make it again with scripts/layout-index.mjs',
  });
}

/** Path of the layout file of an entry. */
export function layoutPath(entry: LayoutEntry): string {
  return fileURLToPath(new URL(entry.file, LAYOUTS));
}

/** Reads a layouts/ file that the user named. */
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
      // A different configuration moves more members than a stable release.
      here.flavour === wanted.flavour ? 0 : 1,
      Math.abs(here.patch - wanted.patch),
    ];
  };
  const ranked = entries.map((entry) => ({ entry, distance: distance(entry) }));
  ranked.sort((a, b) => a.distance.map((d, i) => d - (b.distance[i] ?? 0)).find((d) => d !== 0) ?? 0);
  return ranked.map(({ entry }) => entry);
}

/** Number of releases of each major version: 3.0 to 3.19, 4.0 to 4.20, 5.0 to 5.19, 6.0 to 6.19. */
const MINORS = [0, 0, 0, 20, 21, 20, 20];

interface Release {
  /** Consecutive number from 3.0 on, so that 7.0 is next to 6.19. */
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
