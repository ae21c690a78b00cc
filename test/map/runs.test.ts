import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteReader, ByteWriter, RunWriter, runsIn } from '../../src/map/runs.ts';

test('numbers are read as they were written', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 2 ** 52 })), (numbers) => {
      const writer = new ByteWriter();
      for (const number of numbers) writer.number(number);
      const reader = new ByteReader(writer.bytes);
      expect(numbers.map(() => reader.number())).toEqual(numbers);
      expect(() => reader.number()).toThrow('ends too early');
    }),
  );
});

test('runs are decoded as they were encoded, with neighbours of one value joined', () => {
  const run = fc.record({
    value: fc.integer({ min: 0, max: 5 }),
    length: fc.integer({ min: 1, max: 70_000 }),
  });
  const writer = new RunWriter();
  fc.assert(
    fc.property(fc.array(run), (runs) => {
      for (const { value, length } of runs) writer.add(value, length);
      const joined: { value: number; length: number }[] = [];
      for (const { value, length } of runs) {
        const last = joined.at(-1);
        if (last?.value === value) last.length += length;
        else joined.push({ value, length });
      }
      expect([...runsIn(writer.take())]).toEqual(joined);
    }),
  );
});
