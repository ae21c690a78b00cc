import { stringify } from 'csv-stringify';
import { cellTexts } from './cells.ts';
import type { Exporter } from './exporter.ts';

/** Rows that are handed to csv-stringify before its output is passed on. */
const CHUNK_ROWS = 4096;

/** CSV (RFC 4180, lines end in \n) by csv-stringify: words as 0x..., empty cells for empty values. */
export const csv: Exporter = {
  name: 'csv',

  async write(rows, columns, sink, options) {
    const stringifier = stringify({
      delimiter: options.delimiter ?? ',',
      quoted: options.quoted ?? false,
      header: options.header ?? true,
      columns: [...columns],
      highWaterMark: 1 << 20,
    });
    let failed: unknown;
    stringifier.on('error', (error) => {
      failed = error;
    });
    const drain = async (): Promise<void> => {
      const parts: Buffer[] = [];
      for (let part = stringifier.read(); part !== null; part = stringifier.read()) parts.push(part);
      if (parts.length > 0) await sink(Buffer.concat(parts));
      if (failed) throw failed;
    };
    for await (const { batch, rows: indices } of rows) {
      const cells = cellTexts(batch, columns);
      for (let i = 0; i < indices.length; i++) {
        const page = indices[i]!;
        stringifier.write(cells.map((cell) => cell(page)));
        if (i % CHUNK_ROWS === CHUNK_ROWS - 1) await drain();
      }
      await drain();
    }
    const ended = new Promise((resolve) => stringifier.once('end', resolve));
    stringifier.end();
    await drain();
    stringifier.resume();
    await ended;
  },
};
