// The same page array in both byte orders, from memory: what it costs that words are swapped as they are read.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { rate } from './report.mjs';

/** The least that the big-endian path may have of the speed of the little-endian one. */
const LEAST = 0.7;
const BATCH = 16384;
const COLUMNS = ['flags_raw', 'mapping', 'private', 'refcount', 'mapcount_raw'];

/** Adds a row for each job; `dump` has some ten thousand pages, and is done `times` times in turn. */
export async function benchByteOrder({ root, report, dump, times }) {
  const load = (path) => import(pathToFileURL(join(root, 'dist', path)).href);
  const { openMemory } = await load('index.js');
  const [{ Decoder }, { PageReader }, { PageWalker }, { AddressSpace }, { SummaryCounter }] =
    await Promise.all(
      [
        'decode/decode.js',
        'memmap/page-reader.js',
        'translate/page-walk.js',
        'translate/address-space.js',
        'views/summary.js',
      ].map(load),
    );
  const inspector = await openMemory(dump);
  const { model, kernel, layout, caches } = inspector;
  const { start } = model.present[0];
  const { end } = model.present.at(-1);
  const first = model.addressOf(start);
  const little = Buffer.from(new PageReader(kernel.space, model).read(start, end - start).bytes);
  const big = Buffer.from(little).swap64();
  const decoderOf = (bytes, littleEndian) => {
    const { walker, memory } = kernel.space;
    const tables = { ...walker.tables, architecture: { ...walker.tables.architecture, littleEndian } };
    const segments = {
      segments: [],
      readInto(address, target) {
        const offset = Number(address - first);
        return bytes.copy(target, 0, offset, offset + target.length);
      },
    };
    const space = new AddressSpace(memory, new PageWalker(memory, tables), segments);
    return new Decoder(layout, new PageReader(space, model, 0), caches, COLUMNS);
  };
  const decoders = { little: decoderOf(little, true), big: decoderOf(big, false) };
  const counters = new Map(Object.values(decoders).map((d) => [d, new SummaryCounter(d)]));
  const pages = end - start;
  const each = (decoder, use) => {
    for (let at = start; at < end; at += BATCH) {
      decoder.read(at, Math.min(BATCH, end - at));
      use(decoder);
    }
  };
  const jobs = {
    summary(decoder) {
      const counter = counters.get(decoder);
      each(decoder, ({ count }) => counter.add({ at: 0, first: 0, count }));
      return counter.summary().types;
    },
    gather: (decoder) => each(decoder, () => decoder.batch()),
  };
  const same = (types) => JSON.stringify([...types]);
  if (same(jobs.summary(decoders.little)) !== same(jobs.summary(decoders.big)))
    throw new Error('the two byte orders give different summaries');
  for (const [name, job] of Object.entries(jobs)) {
    const spent = { little: [], big: [] };
    for (let round = 0; round < times; round++) {
      for (const order of ['little', 'big']) {
        const before = process.hrtime.bigint();
        job(decoders[order]);
        spent[order].push(Number(process.hrtime.bigint() - before) / 1e9);
      }
    }
    const median = (list) => list.sort((a, b) => a - b)[list.length >> 1];
    const [l, b] = [median(spent.little), median(spent.big)];
    report.add(`${name}, ${pages} pages from memory, big endian beside little endian`, {
      ours: rate(pages, b),
      beside: rate(pages, l),
      ratio: l / b,
      bar: { least: LEAST },
    });
  }
  inspector.close();
}
