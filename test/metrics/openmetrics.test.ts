import { describe, expect, test } from 'vitest';
import {
  familiesOf,
  type Inspector,
  Meter,
  type MetricFamily,
  openMemory,
  openMetricsText,
  type Sample,
} from '../../src/index.ts';
import { SAMPLE, structpage } from '../cli/run.ts';

const FACTS = { version: '1', release: '6.12', architecture: 'x86_64', pageBytes: 4096, most: 2 };
const SAMPLED: Sample = {
  at: 0,
  time: new Date(1_000_500),
  pages: 100,
  by: 'type',
  uses: new Map([['buddy', 60]]),
  zones: [{ node: 0, zone: 'Normal', pages: 100, freePages: 60, freeBlocks: [4, 28] }],
  owner: 'slab_cache',
  owners: new Map(),
  unread: 1,
  gaps: ['a: b'],
  cost: 250,
};

/** The values of the owners of one kind. */
function ownersOf(pages: Record<string, number>, kind: 'slab_cache' | 'process' = 'slab_cache'): unknown {
  const families = familiesOf(
    { sample: SAMPLED, owners: new Map([[kind, new Map(Object.entries(pages))]]) },
    FACTS,
  );
  const { points } = families.find((f) => f.name === 'structpage_owner_bytes')!;
  return points.map(({ labels, value }) => [labels.owner, value / 4096]);
}

/** The lines of the format, as the ABNF of OpenMetrics 1.0 has them. */
const VALUE = String.raw`(?:[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?|NaN|[+-]Inf)`;
const LABEL = String.raw`[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*"`;
const LINE = new RegExp(
  String.raw`^(?:# (?:TYPE|UNIT) [a-z_]+ \w+|# HELP [a-z_]+ .+|[a-z_]+(?:\{${LABEL}(?:,${LABEL})*\})? ${VALUE})$`,
);

describe('the text', () => {
  test('has lines of the format only, each series once, families in one piece, and an end', () => {
    const { code, out, err } = structpage('watch', SAMPLE, '--metrics');
    expect([code, err]).toEqual([0, '']);
    expect(out.endsWith('\n# EOF\n')).toBe(true);
    const lines = out.trimEnd().split('\n').slice(0, -1);
    for (const line of lines) expect(line).toMatch(LINE);
    const series = lines.filter((line) => !line.startsWith('#')).map((line) => line.replace(/ \S+$/, ''));
    expect(new Set(series).size).toBe(series.length);
    const named = lines.map((line) => /^(?:# \w+ )?(\w+?)(?:_info)?[{ ]/.exec(line)![1]!);
    const pieces = named.filter((name, i) => name !== named[i - 1]);
    expect(new Set(pieces).size).toBe(pieces.length);
    for (const line of lines) {
      const [, name, unit] = /^# UNIT (\S+) (\S+)$/.exec(line) ?? [];
      if (name !== undefined) expect(name.endsWith(`_${unit}`)).toBe(true);
    }
  });

  test('says what summary says', () => {
    const { out } = structpage('watch', SAMPLE, '--metrics', '--top', '1000');
    const { types, slabCaches } = JSON.parse(structpage('summary', SAMPLE, '--json').out);
    const seriesValue = (series: string): number =>
      Number(
        out
          .split('\n')
          .find((l) => l.startsWith(series))
          ?.split(' ')[1],
      );
    expect(seriesValue('structpage_use_bytes{by="type",use="anon"}')).toBe(types.anon.bytes);
    expect(seriesValue('structpage_use_bytes{by="type",use="buddy"}')).toBe(types.buddy.bytes);
    for (const [name, { bytes }] of Object.entries<{ bytes: number }>(slabCaches)) {
      expect(seriesValue(`structpage_owner_bytes{kind="slab_cache",owner="${name}"}`)).toBe(bytes);
    }
    expect(seriesValue('structpage_owner_bytes{kind="slab_cache",owner="other"}')).toBe(0);
  });

  test('escapes labels and help, and has the values that are no numbers', () => {
    const family = (value: number): MetricFamily => ({
      name: 'a_bytes',
      type: 'gauge',
      unit: 'bytes',
      help: 'one\\ \n "two"',
      points: [{ labels: { owner: 'a"b\\c\nd\ud800' }, value }],
    });
    expect(openMetricsText([family(1.5)])).toBe(
      '# TYPE a_bytes gauge\n# UNIT a_bytes bytes\n# HELP a_bytes one\\\\ \\n \\"two\\"\na_bytes{owner="a\\"b\\\\c\\nd\ufffd"} 1.5\n# EOF\n',
    );
    for (const [value, text] of [
      [Number.NaN, 'NaN'],
      [Number.POSITIVE_INFINITY, '+Inf'],
      [Number.NEGATIVE_INFINITY, '-Inf'],
      [2 ** 60, '1152921504606847000'],
    ] as const) {
      expect(openMetricsText([family(value)])).toContain(`} ${text}\n`);
    }
  });
});

describe('labels are bounded', () => {
  test('to the largest owners; all others are one', () => {
    expect(ownersOf({ a: 1, b: 5, c: 3, d: 2 })).toEqual([
      ['b', 5],
      ['c', 3],
      ['other', 3],
    ]);
    expect(ownersOf({})).toEqual([['other', 0]]);
  });

  test('an owner that is called other is one of the others', () => {
    expect(ownersOf({ other: 9, b: 5, c: 3, d: 2 })).toEqual([
      ['b', 5],
      ['c', 3],
      ['other', 11],
    ]);
  });

  test('processes of one name are one', () => {
    expect(ownersOf({ 'sh[1]': 1, 'sh[22]': 5, 'odd[3][4]': 3 }, 'process')).toEqual([
      ['sh', 6],
      ['odd[3]', 3],
      ['other', 0],
    ]);
  });

  test('long names are cut, and added up where they are then the same', () => {
    const long = 'x'.repeat(400);
    expect(ownersOf({ [`${long}1`]: 1, [`${long}2`]: 2 })).toEqual([
      [`${'x'.repeat(199)}\u2026`, 3],
      ['other', 0],
    ]);
  });
});

test('who asks during a sample gets that sample, and soon after it, too', async () => {
  const inspector: Inspector = await openMemory(SAMPLE);
  const meter = new Meter(inspector, { by: 'type', owners: ['slab_cache'], share: 0.001 });
  const [one, two] = await Promise.all([meter.measure(), meter.measure()]);
  expect(two).toBe(one);
  expect(await meter.measure()).toBe(one);
  const eager = new Meter(inspector, { by: 'type', owners: ['slab_cache'], share: 1 });
  const first = await eager.measure();
  await new Promise((resolve) => setTimeout(resolve, 2 * first.sample.cost + 50));
  expect(await eager.measure()).not.toBe(first);
  inspector.close();
});

test.each([
  [['watch', SAMPLE], 2, /needs one of --metrics and --json/],
  [['watch', SAMPLE, '--json', '--listen', '0'], 2, /--listen serves --metrics only/],
  [['watch', SAMPLE, '--metrics', '--listen', 'nowhere'], 2, /Expected HOST:PORT/],
  [['watch', SAMPLE, '--metrics', '--listen', '70000'], 2, /Expected HOST:PORT/],
  [['watch', SAMPLE, '--metrics', '--owners', 'nobody'], 2, /no owners 'nobody'; choose from slab_cache/],
  [['watch', SAMPLE, '--metrics', '--owners', 'file'], 4, /--owners file: the kernel's objects/],
  [
    ['watch', SAMPLE, '--metrics', '--listen', '192.0.2.1:0'],
    3,
    /cannot listen on 192\.0\.2\.1 port 0: this machine does not have/,
  ],
])('%j', (args, code, message) => {
  const ran = structpage(...args);
  expect([ran.code, ran.out]).toEqual([code, '']);
  expect(ran.err).toMatch(message);
});
