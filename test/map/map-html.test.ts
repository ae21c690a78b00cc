import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Inspector, noCounts, openMemory, writeMapHtml } from '../../src/index.ts';
import { sizeLimit } from '../../src/map/map-html.ts';
import type { PageFacts } from '../../src/map/page-facts.ts';
import { SAMPLE } from '../cli/run.ts';
import { HOSTILE, hostileMap } from './hostile-map.ts';

let memory: Inspector;
beforeAll(async () => {
  memory = await openMemory(SAMPLE);
});
afterAll(() => memory.close());

async function page(limit?: number): Promise<{ html: string; facts: PageFacts }> {
  const parts: string[] = [];
  const options = {
    by: 'type',
    curve: 'hilbert',
    title: 'sample',
    trouble: () => {},
    ...(limit ? { limit } : {}),
  } as const;
  await writeMapHtml(memory, options, async (data) => void parts.push(`${data}`), noCounts());
  const html = parts.join('');
  return { html, facts: factsOf(html) };
}

function factsOf(html: string): PageFacts {
  return JSON.parse(/id="page-facts">(.*?)<\/script>/s.exec(html)![1]!);
}

describe('the page of a map', () => {
  test('has everything in it, and may not fetch anything', async () => {
    const { html, facts } = await page();
    expect(/\b(?:src|href)=|@import|url\(/.test(html)).toBe(false);
    expect(html.includes("default-src 'none'")).toBe(true);
    expect(new Set(facts.forms)).toEqual(new Set(['kinds']));
    expect(facts.legend.reduce((sum, entry) => sum + entry.pages, 0)).toBe(65536);
    expect(html.length).toBeLessThan(60_000);
  });

  test('leaves out what does not fit, columns first', async () => {
    const { html } = await page();
    const less = await page(html.length - 1);
    expect(new Set(less.facts.forms)).toEqual(new Set(['labels']));
    expect(less.html.length).toBeLessThan(html.length);
    const none = await page(less.html.length - 100);
    expect(new Set(none.facts.forms)).toEqual(new Set(['none']));
    expect(none.html.length).toBeLessThan(less.html.length - 100);
  });

  test('holds no text of a dump as HTML', () => {
    const html = hostileMap();
    // booleans, since a failure would print the page
    expect(html.includes('<img')).toBe(false);
    expect(html.match(/<script/g)).toHaveLength(3);
    expect(html.match(/<\/script/g)).toHaveLength(3);
    expect(factsOf(html).legend.map((entry) => entry.label)).toContain(HOSTILE);
  });
});

test('a map may be as large as a mail allows', () => {
  expect(sizeLimit(2 ** 24)).toBeLessThan(5e6);
  expect(sizeLimit(2 ** 28)).toBeLessThan(40e6);
  expect(sizeLimit(2 ** 32)).toBe(sizeLimit(2 ** 28));
  expect(sizeLimit(2 ** 26)).toBeGreaterThan(sizeLimit(2 ** 24));
});
