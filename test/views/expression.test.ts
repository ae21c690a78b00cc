import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/core/errors.ts';
import type { Column, ColumnName } from '../../src/decode/columns.ts';
import type { ColumnBatch } from '../../src/decode/decode.ts';
import { evaluate } from '../../src/views/expression/evaluate.ts';
import { columnsOf, parseExpression } from '../../src/views/expression/parse.ts';

const batch: ColumnBatch = {
  start: 100,
  count: 4,
  states: new Uint8Array(4),
  columns: new Map<ColumnName, Column>([
    ['refcount', { kind: 'number', values: Int32Array.of(0, 1, 2, -1) }],
    ['mapcount', { kind: 'number', values: Int32Array.of(0, 5, 0, 0), empty: Uint8Array.of(0, 0, 1, 0) }],
    ['type', { kind: 'name', codes: Uint8Array.of(0, 1, 2, 1), names: ['', 'buddy', 'slab'] }],
    [
      'mapping',
      {
        kind: 'word',
        low: Uint32Array.of(0, 1, 0xffffffff, 0x10),
        high: Uint32Array.of(0, 0xffff8880, 0xffffffff, 1),
      },
    ],
    [
      'flags',
      { kind: 'set', low: Uint32Array.of(0, 1, 3, 2), high: new Uint32Array(4), names: ['locked', 'dirty'] },
    ],
  ]),
};
const pages = (text: string): number[] =>
  [...evaluate(parseExpression(text), batch)].flatMap((on, i) => (on ? [i] : []));

describe('an expression holds for', () => {
  test.each<[string, number[]]>([
    ['refcount == 1', [1]],
    ['refcount = 1', [1]],
    ['refcount < 0', [3]],
    ['refcount >= 1 && refcount <= 2', [1, 2]],
    ['refcount in (0, 2)', [0, 2]],
    ['!(refcount in (0, 2))', [1, 3]],
    ['not refcount == 0 and not refcount == -1', [1, 2]],
    ['type == buddy', [1, 3]],
    ['type == BUDDY or type == "slab"', [1, 2, 3]],
    ['type != buddy', [0, 2]],
    ['type is empty', [0]],
    ['type is not empty', [1, 2, 3]],
    ['mapcount == 0', [0, 3]],
    ['mapcount is empty', [2]],
    ['mapping == 0xffff888000000001', [1]],
    ['mapping > 0xffff888000000000', [1, 2]],
    ['mapping == -1', [2]],
    ['flags has dirty', [2, 3]],
    ['flags has (locked, dirty)', [2]],
    ['flags has locked|dirty', [2]],
    ['flags has PG_locked', [1, 2]],
    ['flags is empty', [0]],
    ['refcount == 0 || refcount == 1 && type == slab', [0]],
    ['type == nosuchtype', []],
  ])('%s', (text, want) => {
    expect(pages(text)).toEqual(want);
  });
});

describe('what is wrong is shown where it is wrong', () => {
  test.each<[string, string]>([
    ['', 'expected a column, found the end'],
    ['refcount', "expected an operator (== != < <= > >= in has is) after 'refcount', found the end"],
    ['refcount ==', 'expected a number to compare refcount with, found the end'],
    ['refcount == slab', "expected a number to compare refcount with, found 'slab'"],
    ['type < slab', 'type is a name: it can be compared with == and != only'],
    ['type has slab', "'has' asks for flags in a set; type is not one: use =="],
    ['flags == dirty', "flags is a set of names: write 'flags has NAME' or '!(flags has NAME)'"],
    ['(refcount == 1', "expected ')', found the end"],
    ['refcount == 1 1', "expected && or || or the end, found '1'"],
    ['refcount # 1', "'#' cannot stand here"],
    ['colour == 1', "'colour' is no column"],
    ['flags has 5', "expected the name of a flag, found '5'"],
  ])('%s', (text, message) => {
    expect(() => parseExpression(text)).toThrow(UsageError);
    expect(() => parseExpression(text)).toThrow(message);
  });

  test('with a mark under the place', () => {
    expect(() => parseExpression('refcount == 1 && typ == slab')).toThrow(
      /\n {2}refcount == 1 && typ == slab\n {19}\^$/,
    );
  });

  test('a flag that the kernel does not have', () => {
    expect(() => pages('flags has wet')).toThrow("this kernel has no flag 'wet'; it has locked, dirty");
  });
});

test('no text gives anything but an expression or a UsageError', () => {
  const word = fc.constantFrom(
    '(',
    ')',
    '!',
    '&&',
    '||',
    '==',
    'in',
    'has',
    'is',
    'empty',
    'type',
    'refcount',
    '1',
    '0x',
    "'",
    ',',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(word, { maxLength: 400 }).map((w) => w.join(' ')),
      ),
      (text) => {
        try {
          columnsOf(parseExpression(text));
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
        }
      },
    ),
    { numRuns: 500 },
  );
});
