import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { SAMPLE, structpage } from '../cli/run.ts';
import { HOSTILE, hostileMap } from './hostile-map.ts';

/** A Chromium, whose window is what these tests look at. */
const CHROMIUM = process.env.STRUCTPAGE_CHROMIUM;
const dir = mkdtempSync(join(tmpdir(), 'structpage-browser-'));
const MAP = join(dir, 'map.html');

describe.skipIf(CHROMIUM === undefined)('the map in a browser', () => {
  let browser: Browser;

  beforeAll(async () => {
    const { chromium } = await import('playwright-core');
    browser = await chromium.launch({ executablePath: CHROMIUM!, args: ['--no-sandbox'] });
    expect(structpage('map', SAMPLE, '-o', MAP).code).toBe(0);
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(dir, { recursive: true });
  });

  /** Opens a page and waits until it shows the map. Fails if it fetches something or throws. */
  async function open(path: string, colorScheme: 'light' | 'dark' = 'light'): Promise<Page> {
    const page = await browser.newPage({ viewport: { width: 1000, height: 700 }, colorScheme });
    onTestFinished(() => page.close());
    const wrong: string[] = [];
    page.on('pageerror', (error) => wrong.push(error.message));
    page.on('request', (request) => {
      if (!request.url().startsWith('file:')) wrong.push(request.url());
    });
    await page.goto(pathToFileURL(path).href);
    await page.waitForSelector('html[data-ready]');
    await settled(page);
    onTestFinished(() => expect(wrong).toEqual([]));
    return page;
  }

  /** Waits until nothing is drawn any more. */
  async function settled(page: Page): Promise<void> {
    let before = '';
    for (let i = 0; i < 50; i++) {
      await page.waitForTimeout(60);
      const now = await page.evaluate('document.querySelector("canvas").toDataURL()');
      if (now === before) return;
      before = now as string;
    }
  }

  /** The colour of the canvas at a point of the window, as #rrggbb. */
  async function colourAt(page: Page, x: number, y: number): Promise<string> {
    return (await page.evaluate(`(() => {
      const canvas = document.querySelector('canvas');
      const { left, top } = canvas.getBoundingClientRect();
      const { data } = canvas.getContext('2d').getImageData(${x} - left, ${y} - top, 1, 1);
      return '#' + [...data.slice(0, 3)].map((part) => part.toString(16).padStart(2, '0')).join('');
    })()`)) as string;
  }

  /** The colour of an entry of the legend, as #rrggbb. */
  async function legendColour(page: Page, label: string): Promise<string> {
    return (await page.evaluate(`(() => {
      const facts = JSON.parse(document.getElementById('page-facts').textContent);
      const entry = facts.legend.find((entry) => entry.label === ${JSON.stringify(label)});
      return entry[document.documentElement.dataset.theme];
    })()`)) as string;
  }

  async function search(page: Page, query: string): Promise<void> {
    await page.fill('#query', query);
    await page.press('#query', 'Enter');
    await settled(page);
  }

  /** Where the middle of the map is in the window. */
  async function middle(page: Page): Promise<{ x: number; y: number }> {
    const box = (await page.locator('#map').boundingBox())!;
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  }

  test('search leads to a page, which is drawn in the colour of its type', async () => {
    const page = await open(MAP);
    await search(page, '4158');
    expect(await page.textContent('#columns')).toContain('kmalloc-512');
    const { x, y } = await middle(page);
    expect(await colourAt(page, x, y)).toBe(await legendColour(page, 'slab'));
  });

  test('the tip tells the columns of the page under the pointer', async () => {
    const page = await open(MAP);
    await search(page, '0x103e000');
    const { x, y } = await middle(page);
    await page.mouse.move(x, y);
    await page.waitForSelector('#tip:not([hidden])');
    const tip = await page.textContent('#tip');
    const columns = structpage(
      'dump',
      SAMPLE,
      '--pfn',
      '4158',
      '--columns',
      'slab_cache,flags',
      '--format',
      'csv',
    );
    const [cache, flags] = columns.out.split('\n')[1]!.split(',');
    expect(tip).toContain('page 4158');
    expect(tip).toContain(`slab_cache${cache}`);
    expect(tip).toContain(`flags${flags!.replaceAll('|', ' | ')}`);
    expect(tip).toContain('0xffe490aa00040f80');
  });

  test('search finds a struct page by its address and slab caches by name', async () => {
    const page = await open(MAP);
    await search(page, '0xffe490aa00040f80');
    expect(await page.textContent('#columns')).toContain('4158 (0x103e)');
    await search(page, 'shmem_inode');
    const { out } = structpage(
      'summary',
      SAMPLE,
      '--where',
      'slab_cache == shmem_inode_cache',
      '--group-by',
      'type',
    );
    const pages = /slab +(\d+)/.exec(out)![1]!;
    expect(await page.textContent('#found')).toContain(`shmem_inode_cache: ${pages} pages`);
    await page.keyboard.press('Tab');
    await page.keyboard.press('n');
    await settled(page);
    expect(await page.textContent('#columns')).toContain('shmem_inode_cache');
    await search(page, 'no such thing');
    expect(await page.textContent('#found')).toContain('Nothing is called');
  });

  test('the wheel and keys zoom', async () => {
    const page = await open(MAP);
    const scale = async (): Promise<number> => Number(await page.getAttribute('#map', 'data-scale'));
    const before = await scale();
    const { x, y } = await middle(page);
    await page.mouse.move(x, y);
    await page.mouse.wheel(0, -480);
    await settled(page);
    expect((await scale()) / before).toBeCloseTo(4, 1);
    await page.keyboard.press('-');
    await settled(page);
    expect((await scale()) / before).toBeCloseTo(4 / 1.5, 1);
    await page.keyboard.press('0');
    await settled(page);
    expect(await scale()).toBeCloseTo(before, 5);
  });

  test('a click in the legend leaves only its pages in full colour', async () => {
    const page = await open(MAP);
    await search(page, '4158');
    const { x, y } = await middle(page);
    const slab = await legendColour(page, 'slab');
    await page.click('#legend button:has-text("anon")');
    await settled(page);
    expect(await colourAt(page, x, y)).not.toBe(slab);
    await page.click('#legend button:has-text("anon")');
    await page.click('#legend button:has-text("slab")');
    await settled(page);
    expect(await colourAt(page, x, y)).toBe(slab);
    expect(await page.getAttribute('#legend button:has-text("slab")', 'aria-pressed')).toBe('true');
    await page.keyboard.press('Escape');
    await settled(page);
    expect(await page.getAttribute('#legend button:has-text("slab")', 'aria-pressed')).toBe('false');
  });

  test('the theme is that of the machine, and t changes it', async () => {
    const page = await open(MAP, 'dark');
    expect(await colourAt(page, 320, 690)).toBe('#14181d');
    await page.keyboard.press('t');
    await settled(page);
    expect(await colourAt(page, 320, 690)).toBe('#ffffff');
  });

  test('a treemap opens part by part, and leads back', async () => {
    const path = join(dir, 'slabs.html');
    expect(structpage('treemap', SAMPLE, '--by', 'type,slab_cache', '-o', path).code).toBe(0);
    const page = await open(path);
    const parts = async (): Promise<string[]> => page.locator('#legend span').allTextContents();
    expect(await parts()).toContain('slab');
    await page.click('#legend button:has-text("slab")');
    expect((await parts())[0]).toBe('shmem_inode_cache');
    const { x, y } = await middle(page);
    await page.mouse.move(x - 300, y - 200);
    expect(await page.textContent('#tip')).toContain('slab › shmem_inode_cache');
    await page.keyboard.press('Backspace');
    expect(await parts()).toContain('buddy');
    await search(page, 'kmalloc');
    expect(await page.textContent('#found')).toMatch(/^\d+ found, [\d.]+ MiB$/);
  });

  test('text of a dump is shown and not run', async () => {
    const path = join(dir, 'hostile.html');
    writeFileSync(path, hostileMap());
    const page = await open(path);
    expect(await page.title()).toContain(HOSTILE);
    expect(await page.textContent('#legend')).toContain(HOSTILE);
    await search(page, 'document.title');
    expect(await page.textContent('#columns')).toContain(HOSTILE);
    expect(await page.title()).not.toBe('ran');
  });
});
