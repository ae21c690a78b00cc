import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MAIN, SAMPLE } from '../cli/run.ts';
import { hasTmux, Terminal } from './tmux.ts';

const TOP = `${process.execPath} ${MAIN} top`;
const WATCH = `${TOP} --no-cache ${SAMPLE} -d 0.2`;
/** The line at the foot of the screen. */
const FOOT = /^q quit {2}space pause {2}h help/m;
const BEFORE = 'cursor 1 other 0 wrap 1';

let folder: string;
let terminal: Terminal;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'structpage-top-'));
});
afterEach(() => {
  terminal?.end();
  rmSync(folder, { recursive: true, force: true });
});

const started = async (
  command: string,
  {
    width = 100,
    height = 30,
    env = {},
  }: { width?: number; height?: number; env?: Record<string, string> } = {},
): Promise<string> => {
  terminal = new Terminal(folder, width, height, env);
  const settings = await terminal.settings();
  terminal.type(command, 'Enter');
  return settings;
};

/** The screen without what differs from run to run. */
const steady = (text: string): string =>
  text
    .replace(/top {2}\S+ {2}/, 'top  SAMPLE  ')
    .replace(/\d\d:\d\d:\d\d UTC/, 'TIME')
    .replace(/a sample takes .*/, 'a sample takes COST');

describe.skipIf(!hasTmux)('top in a terminal', () => {
  test('shows types, zones with free blocks, and slab caches', async () => {
    await started(WATCH);
    // rates come with the second sample
    const text = await terminal.until(/ksm .* \.$/m);
    expect(steady(text)).toMatchSnapshot();
    expect(terminal.modes()).toBe('cursor 0 other 1 wrap 0');
  });

  test('fits terminals of any size, also after a change of size', async () => {
    await started(WATCH);
    await terminal.until(FOOT);
    for (const [width, height] of [
      [140, 20],
      [80, 24],
      [40, 12],
      [20, 6],
      [10, 3],
    ] as const) {
      terminal.resize(width, height);
      const foot = 'q quit  space pause  h help  c type'.slice(0, width - 1);
      await terminal.until(new RegExp(`^structp(.*\\n){${height - 1}}${foot}.*$`));
      const lines = terminal.text().split('\n');
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
    }
    terminal.resize(140, 20);
    expect(steady(await terminal.until(/SLAB CACHE .*RATE$/m))).toMatchSnapshot();
  });

  test('keys sort, pause, scroll, choose owners and show help', async () => {
    await started(WATCH);
    await terminal.until(FOOT);
    terminal.type('s', 's');
    const byName = await terminal.until(/s name/);
    const types = byName
      .slice(byName.indexOf('TYPE'), byName.indexOf('SLAB CACHE'))
      .trim()
      .split('\n')
      .slice(1);
    expect(types.map((line) => line.split(' ')[0])).toEqual(
      [...types.map((line) => line.split(' ')[0])].sort(),
    );
    terminal.type('j', 'j');
    await terminal.until(/SLAB CACHE.*\n(?!Acpi-Namespace|.*Acpi-Op)/);
    terminal.type(' ');
    await terminal.until(/^PAUSED, a sample takes/m);
    // an owner that a capture does not tell changes nothing
    terminal.type('2', 'c');
    terminal.type('h');
    await terminal.until(/^KEYS/m);
    terminal.type('Escape');
    expect(await terminal.until(/^TYPE/m)).toMatch(/^PAUSED/m);
    terminal.type('q');
    await terminal.until(/ready>$/m);
  });
});

describe.skipIf(!hasTmux)('the terminal is as before', () => {
  test.each([
    ['q', () => terminal.type('q'), 0],
    ['Ctrl-C', () => terminal.type('C-c'), 130],
    ['Ctrl-\\', () => terminal.type('C-\\'), 131],
    ['SIGTERM', () => terminal.signal('SIGTERM'), 143],
    ['SIGHUP', () => terminal.signal('SIGHUP'), 129],
    ['SIGINT', () => terminal.signal('SIGINT'), 130],
  ])('after %s', async (_, end, code) => {
    const settings = await started(`${WATCH}; echo "code=$?"`);
    await terminal.until(FOOT);
    end();
    await terminal.until(new RegExp(`^code=${code}$`, 'm'));
    expect(terminal.modes()).toBe(BEFORE);
    expect(await terminal.settings()).toBe(settings);
  });

  test.each([
    ['thrown', 'throw new Error("made for a test")'],
    ['in a promise', 'Promise.reject(new Error("made for a test"))'],
  ])('after a mistake of ours, %s', async (_, mistake) => {
    // the mistake comes once the screen has been drawn
    const script = `setTimeout(() => { ${mistake} }, 1500)`;
    const settings = await started(`${WATCH}; echo "code=$?"`, {
      env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(script)}` },
    });
    const text = await terminal.until(/^code=70$/m);
    expect(text).toMatch(/internal error in structpage .*\n?.*please report/);
    expect(text).toContain('made for a test');
    expect(terminal.modes()).toBe(BEFORE);
    expect(await terminal.settings()).toBe(settings);
  });

  test('while it is stopped by Ctrl-Z, and the screen comes back', async () => {
    const settings = await started(WATCH);
    await terminal.until(FOOT);
    terminal.type('C-z');
    await terminal.until(/Stopped/);
    expect(terminal.modes()).toBe(BEFORE);
    expect(await terminal.settings()).toBe(settings);
    terminal.type('fg', 'Enter');
    await terminal.until(FOOT);
    expect(terminal.modes()).toBe('cursor 0 other 1 wrap 0');
    terminal.type('q');
    await terminal.until(/ready>$/m);
    expect(await terminal.settings()).toBe(settings);
  });

  test('if the terminal cannot place text, which is said', async () => {
    await started(`TERM=dumb ${WATCH}; echo "code=$?"`);
    expect(await terminal.until(/^code=2$/m)).toMatch(/TERM=dumb\) cannot place text; --batch prints text/);
    expect(terminal.modes()).toBe(BEFORE);
  });
});
