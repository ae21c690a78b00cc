import { exporterOf, type Table, writeTable } from '../../src/index.ts';

/** The rows of a table as objects, by way of JSON. */
export async function objectsOf(table: Table): Promise<Record<string, unknown>[]> {
  const parts: Buffer[] = [];
  await writeTable(table, exporterOf('json')!, {}, async (part) => void parts.push(Buffer.from(part)));
  return JSON.parse(Buffer.concat(parts).toString()) as Record<string, unknown>[];
}
