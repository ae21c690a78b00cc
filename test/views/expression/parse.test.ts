import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/core/errors.ts';
import { COLUMNS } from '../../../src/decode/columns/registry.ts';
import { rowTest } from '../../../src/views/expression/evaluate.ts';
import { parseExpression } from '../../../src/views/expression/parse.ts';
import { printExpression } from '../../../src/views/expression/print.ts';
import {
  type BinaryOperator,
  columnsOf,
  type Expression,
  type Schema,
  type Value,
} from '../../../src/views/expression/syntax.ts';

function parse(text: string, schema: Schema = COLUMNS): Expression {
  return parseExpression(text, schema);
}

describe('what is wrong is shown where it is wrong', () => {
  test.each<[string, string]>([
    ['', 'expected a column or a number, found the end'],
    ['refcount', "expected an operator (== != < <= > >= in has is like =~) after 'refcount', found the end"],
    ['refcount ==', 'expected a number or a column to compare refcount with, found the end'],
    ['refcount == slab', "expected a number or a column to compare refcount with, found 'slab'"],
    ['type < slab', 'type is a name: it can be compared with == != in like =~ only'],
    ['type has slab', "'has' is for sets of flags, which type is not; use =="],
    ['flags == dirty', "flags is a set of names: write 'flags has NAME' or 'not flags has NAME'"],
    ['(refcount == 1', "expected ')', found the end"],
    ['refcount == 1 1', "expected && or || or the end, found '1'"],
    ['refcount # 1', "unexpected '#'"],
    ['colour == 1', "there is no column 'colour'; the columns are pfn,"],
    ['typ == slab', "there is no column 'typ'; did you mean 'type'?"],
    ['refcount > 1 > 0', 'comparisons cannot be chained; join two of them with &&'],
    ['type == slab | type == table', "unexpected '|'; did you mean '||'?"],
    ['pfn == 1 & refcount == 2', 'comparisons cannot be chained'],
    [
      'flags has lru|dirty',
      "write 'flags has (lru, dirty)' for all of them, 'flags has any (lru, dirty)' for at least one",
    ],
    ['flags has (lru|dirty)', "write 'flags has (lru, dirty)'"],
    ["flags has 'lru|dirty'", "write 'flags has (lru, dirty)'"],
    ['flags has any (lru, dirty|locked)', "'flags has any (lru, dirty, locked)'"],
    ['type + 1 == 2', "'+' calculates with numbers, and type is not a number"],
    ['1 == type', 'type is not a number; compare a column of names with a name on its right'],
    ['1 == 1', 'a comparison needs a column on one side'],
    ['refcount', 'expected an operator'],
    ['refcount + 1', 'expected an operator'],
    ['pfn == 1 / 0', 'division by zero'],
    ['pfn == 1 << 64', 'a shift is by 0 to 63 bits'],
    ['pfn == 12ab', "'12ab' is not a number"],
    ['refcount like 1*', "'like' is for names, which refcount is not"],
    ['type =~ "("', 'not a regular expression'],
    ['type =~ ^a', "expected a regular expression in quotes, found '^'"],
    ["type == 'slab", 'a closing quote is missing'],
    ['pfn is full', "expected 'empty' after 'is', found 'full'"],
    ['pfn not 5', "expected in, like or has after 'not', found '5'"],
    ['flags in (lru)', "write 'flags has any (...)'"],
    ['flags has 5', "expected the name of a flag, found '5'"],
  ])('%s', (text, message) => {
    expect(() => parse(text)).toThrow(UsageError);
    expect(() => parse(text)).toThrow(message);
  });

  test('with a mark under the place', () => {
    expect(() => parse('refcount == 1 && typ == slab')).toThrow(
      /\n {2}refcount == 1 && typ == slab\n {19}\^$/,
    );
  });
});

test('columns are those of the table that is asked about', () => {
  const schema = [
    { name: 'free', kind: 'number' },
    { name: 'owner', kind: 'name' },
  ] as const;
  expect(columnsOf(parse('free * 2 > 10 && owner like x-*', schema))).toEqual(['free', 'owner']);
  expect(() => parse('pfn == 1', schema)).toThrow("there is no column 'pfn'; the columns are free, owner");
});

describe('the same is written in several ways', () => {
  test.each([
    ['refcount != 1', '!(refcount == 1)'],
    ['refcount != 1', 'NOT refcount = 1'],
    ['refcount > 1', '1 < refcount'],
    ['refcount >= 0x10', '16 <= refcount'],
    ['pfn + 2 * 3 << 1 == 1', '(pfn + (2 * 3)) << 1 == 1'],
    ['flags_raw & 1 | 2 == 3', '((flags_raw & 1) | 2) == 3'],
    ['pfn - 1 - 1 == 0', '(pfn - 1) - 1 == 0'],
    ['~pfn == -1', '(~pfn) == -(1)'],
    ['pfn == 1 and pfn == 2 or pfn == 3', '(pfn == 1 && pfn == 2) || pfn == 3'],
    ['pfn == 1 && (pfn == 2 && pfn == 3)', 'pfn == 1 and pfn == 2 AND pfn == 3'],
    ['!!(pfn == 1)', 'pfn == 1'],
    ['not pfn == 1 and pfn == 2', '(!(pfn == 1)) && pfn == 2'],
    ['type not in (slab, buddy)', '!(type in (slab, buddy))'],
    ['type !~ x', 'not type =~ "x"'],
    ['flags has (lru)', 'flags has any PG_lru'],
    ['is_head and not is_tail', '(is_head) && !is_tail'],
    ['mapping == -2', 'mapping == 0xfffffffffffffffe'],
    ['slab_cache == 9p-fcall-cache', "slab_cache == '9p-fcall-cache'"],
    ['refcount-mapcount>=2', 'refcount - mapcount >= 2'],
  ])('%s and %s', (a, b) => {
    expect(parse(a)).toEqual(parse(b));
  });
});

describe('what is long or deep', () => {
  test('4,000 comparisons are parsed', () => {
    const text = Array.from({ length: 4000 }, (_, i) => `(pfn == ${i} && refcount == 1)`).join(' or ');
    expect(parse(text)).toMatchObject({ kind: 'or', terms: { length: 4000 } });
  });

  test.each([
    ['too many comparisons', Array(10_001).fill('pfn == 1').join(' && '), 'more than 10000 comparisons'],
    ['parentheses', `${'('.repeat(5000)}pfn == 1${')'.repeat(5000)}`, 'nested more than 100 levels deep'],
    ['negated parentheses', `${'!('.repeat(50_000)}pfn == 1`, 'nested more than 100 levels deep'],
    ['minus signs', `pfn == ${'-'.repeat(50_000)}1`, 'nested more than 100 levels deep'],
    ['sums', `pfn == ${Array(5000).fill('pfn').join('+')}`, 'at most 100 operators'],
    ['powers', `pfn == 2${' << 2 ** 2'.repeat(3)}`, "found '*'"],
    ['numbers', `pfn == ${'9'.repeat(900_000)}`, 'the number does not fit in 128 bits'],
    ['products', `pfn == ${Array(10).fill('0xffffffffffff').join('*')}`, 'does not fit in 128 bits'],
    ['texts', `pfn == 1${' '.repeat(1 << 20)}`, 'the maximum is 1048576'],
  ])('is refused in a sentence: %s', (_, text, message) => {
    const begin = performance.now();
    expect(() => parse(text)).toThrow(UsageError);
    expect(() => parse(text)).toThrow(message);
    expect(performance.now() - begin).toBeLessThan(2000);
  });

  test('a mistake in a long text is shown with what is near it', () => {
    const text = `${'pfn == 1 || '.repeat(500)}pfn # 2${' || pfn == 3'.repeat(500)}`;
    const lines = message(text).split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[1]!.length).toBeLessThan(120);
    expect(lines[1]![lines[2]!.indexOf('^')]).toBe('#');
  });
});

function message(text: string): string {
  try {
    parse(text);
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

const number = fc.oneof(fc.bigInt(0n, 300n), fc.bigInt(0n, 1n << 65n), fc.constant(0xffffffffffffffffn));
const column = (...kinds: string[]): fc.Arbitrary<string> =>
  fc.constantFrom(...COLUMNS.filter((c) => kinds.includes(c.kind)).map((c) => c.name));

const OPERATORS: BinaryOperator[] = ['+', '-', '*', '/', '%', '&', '|', '^', '<<', '>>'];

/** Values that have a column in them: others become a number when they are parsed. */
const { value } = fc.letrec<{ value: Value; either: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    column('number', 'word').map((name): Value => ({ kind: 'column', column: name })),
    fc
      .record({ operator: fc.constantFrom('-' as const, '~' as const), operand: tie('value') })
      .map((r): Value => ({ kind: 'unary', ...r })),
    fc
      .record({ operator: fc.constantFrom(...OPERATORS), left: tie('value'), right: tie('either') })
      .map((r): Value => ({ kind: 'binary', ...r })),
  ),
  either: fc.oneof(
    tie('value'),
    number.map((n): Value => ({ kind: 'number', value: n })),
  ),
}));

const name = fc.stringMatching(/^[a-zA-Z0-9_ .()|*-]{0,9}$/);
const flag = fc.stringMatching(/^[a-oq-z_]{1,9}$/);

const leaf: fc.Arbitrary<Expression> = fc.oneof(
  fc
    .record({ operator: fc.constantFrom('==', '<', '<='), left: value, right: value })
    .map((r) => ({ kind: 'compare', ...r }) as Expression),
  fc
    .record({ operator: fc.constantFrom('==', '<', '<='), left: value, right: number })
    .map(
      ({ right, ...r }) => ({ kind: 'compare', ...r, right: { kind: 'number', value: right } }) as Expression,
    ),
  fc
    .record({ left: value, right: value })
    .map((r) => ({ kind: 'nonzero', value: { kind: 'binary', operator: '&', ...r } }) as Expression),
  fc
    .record({ value, numbers: fc.array(number, { minLength: 1, maxLength: 4 }) })
    .map((r) => ({ kind: 'in', ...r }) as Expression),
  fc
    .record({ column: column('name'), names: fc.array(name, { minLength: 1, maxLength: 4 }) })
    .map((r) => ({ kind: 'named', ...r }) as Expression),
  fc
    .record({
      column: column('name'),
      operator: fc.constantFrom('like', '=~'),
      pattern: fc.stringMatching(/^[a-z.*]{0,6}$/),
    })
    .filter((r) => !r.pattern.startsWith('*') && !r.pattern.includes('**'))
    .map((r) => ({ kind: 'pattern', ...r }) as Expression),
  fc
    .record({
      column: column('set'),
      how: fc.constantFrom('all', 'any'),
      names: fc.array(flag, { minLength: 2, maxLength: 4 }),
    })
    .map((r) => ({ kind: 'has', ...r }) as Expression),
  column('number', 'word', 'name', 'set').map(
    (c) => ({ kind: 'empty', value: { kind: 'column', column: c } }) as Expression,
  ),
  value.map((v) => ({ kind: 'empty', value: v }) as Expression),
);

const { expression } = fc.letrec<{ expression: Expression }>((tie) => ({
  expression: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    tie('expression')
      .filter((e) => e.kind !== 'not')
      .map((operand): Expression => ({ kind: 'not', operand })),
    fc
      .record({
        kind: fc.constantFrom('and' as const, 'or' as const),
        terms: fc.array(tie('expression'), { minLength: 2, maxLength: 4 }),
      })
      .filter(({ kind, terms }) => terms.every((t) => t.kind !== kind)),
  ),
}));

test('what is printed is parsed as the same', () => {
  fc.assert(
    fc.property(expression, (e) => {
      expect(parse(printExpression(e))).toEqual(e);
    }),
    { numRuns: 2000 },
  );
});

const FRAGMENTS = [
  ...[
    '(',
    ')',
    '!',
    '&&',
    '||',
    '==',
    '=',
    '!=',
    '<',
    '>=',
    '=~',
    '!~',
    '&',
    '|',
    '^',
    '~',
    '<<',
    '>>',
    '+',
    '-',
    '*',
    '/',
  ],
  ...[
    '%',
    ',',
    'in',
    'has',
    'any',
    'all',
    'is',
    'not',
    'empty',
    'like',
    'AND',
    'or',
    'type',
    'refcount',
    'mapping',
    'flags',
  ],
  ...[
    'pfn',
    '1',
    '0',
    '64',
    '-1',
    '0x',
    '0xffffffffffffffff',
    "'",
    '"',
    "'a*'",
    'slab',
    'lru',
    '[',
    '\\',
    '?5',
    '',
    '\t',
    'é',
  ],
];

test('no text gives anything but an expression or a UsageError', () => {
  let parsed = 0;
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string({ unit: 'grapheme' }),
        fc.array(fc.constantFrom(...FRAGMENTS), { maxLength: 12 }).map((w) => w.join(' ')),
        fc.array(fc.constantFrom(...FRAGMENTS), { maxLength: 400 }).map((w) => w.join('')),
        // a text that is right, with one fragment in it or without one of its characters
        fc
          .tuple(expression, fc.nat(), fc.constantFrom(...FRAGMENTS), fc.nat(2))
          .map(([e, at, fragment, cut]) => {
            const text = printExpression(e);
            const i = at % (text.length + 1);
            return text.slice(0, i) + fragment + text.slice(i + cut);
          }),
      ),
      (text) => {
        try {
          const expression = parse(text);
          columnsOf(expression);
          expect(parse(printExpression(expression))).toEqual(expression);
          parsed++;
        } catch (error) {
          expect(error, text).toBeInstanceOf(UsageError);
        }
      },
    ),
    { numRuns: 5000 },
  );
  // or nothing would be said of those that are right
  expect(parsed).toBeGreaterThan(50);
});

describe('has, of columns whose names are lists', () => {
  const schema = [
    { name: 'pids', kind: 'name', parts: ',' },
    { name: 'memcg', kind: 'name', parts: ', ' },
    { name: 'type', kind: 'name' },
  ] as const;
  const holdsFor = (text: string, value: string): boolean => {
    const expression = parseExpression(text, schema);
    expect(parseExpression(printExpression(expression), schema)).toEqual(expression);
    return rowTest(expression, () => ({ kind: 'name', codes: Uint8Array.of(0), names: [value] }))(0);
  };

  test.each([
    ['pids has 214', '21,214,2140', true],
    ['pids has 214', '21,2140', false],
    ['pids has 0xd6', '214', true],
    ['pids has (1, 2)', '1,2,3', true],
    ['pids has (1, 4)', '1,2,3', false],
    ['pids has any (1, 4)', '1,2,3', true],
    ['not pids has 1', '', true],
    ['memcg has "/web"', '/web', true],
    ['memcg has "/web"', '/WEB/front', true],
    ['memcg has "/web"', '/web (dying)', true],
    ['memcg has "/web"', '/website', false],
    ['memcg has "/"', '/web', true],
    ['memcg has web', 'web[214], db[3]', true],
    ['memcg has we', 'web[214], db[3]', false],
    ['memcg has "/web"', '', false],
  ])('%s of %s', (text, value, wanted) => expect(holdsFor(text, value)).toBe(wanted));

  test('other names have no parts', () => {
    expect(() => parseExpression('type has slab', schema)).toThrow("'has' is for sets of flags");
  });
});
