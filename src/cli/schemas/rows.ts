import type { ColumnSpec, NumberType } from '../../index.ts';
import type { TableShape } from '../command-tables.ts';
import type { JsonSchema } from './shape.ts';

const WHOLE: readonly [number, number] = [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];
const RANGES: Readonly<Record<Exclude<NumberType, 'double'>, readonly [minimum: number, maximum: number]>> = {
  uint8: [0, 0xff],
  uint16: [0, 0xffff],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  int64: WHOLE,
  timestamp: WHOLE,
};

/** The schema of a row of a table, as the formats json and ndjson write it. */
export function rowSchema({ columns }: TableShape): JsonSchema {
  return {
    type: 'object',
    properties: Object.fromEntries(columns.map((column) => [column.name, cellSchema(column)])),
    minProperties: 1,
    additionalProperties: false,
  };
}

function cellSchema(column: ColumnSpec): JsonSchema {
  const { help: description } = column;
  const value = valueSchemas(column);
  const all = column.mayBeEmpty || column.kind === 'name' ? [...value, { type: 'null' }] : value;
  return all.length === 1 ? { ...all[0], description } : { anyOf: all, description };
}

function valueSchemas({ kind, numbers }: ColumnSpec): JsonSchema[] {
  switch (kind) {
    case 'number': {
      if (numbers === 'double') return [{ type: 'number' }];
      const [minimum, maximum] = RANGES[numbers ?? 'int64'];
      return [{ type: 'integer', minimum, maximum }];
    }
    case 'word':
      return [
        { type: 'string', pattern: '^0x[0-9a-f]{1,16}$' },
        // --words decimal
        { type: 'integer', minimum: 0, maximum: 2 ** 64 },
      ];
    case 'name':
      return [{ type: 'string', minLength: 1 }];
    case 'set':
      return [{ type: 'string' }];
  }
}
