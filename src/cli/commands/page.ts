import type { Command } from 'commander';
import { cellTexts, FaultError, locatePage, parseWhere } from '../../index.ts';
import { withImage } from '../open.ts';
import { addCache, addImage, dumpsAnd, type ImageOptions } from '../options.ts';
import { labelled, stdout } from '../output.ts';

/** structpage page: one page in full. */
export function pageCommand(program: Command): void {
  const command = program
    .command('page')
    .summary('one page in full')
    .description(
      'Tells everything about one page. WHERE is pfn:N, phys:0x..., page:0x... (address of a struct page) or virt:0x... (kernel virtual address).',
    )
    .usage('[options] [dump...] <where>')
    .argument(
      '<where...>',
      'a memory dump (this machine if none is named), and last where: pfn:N, phys:0x..., page:0x... or virt:0x...',
    );
  addCache(addImage(command)).action(async (args: string[], options: ImageOptions) => {
    const { dumps, asked: where } = dumpsAnd(args, 'WHERE', parseWhere);
    await withImage(dumps, options, async (inspector) => {
      const { pfn, how } = locatePage(inspector, where);
      const names = inspector.columns;
      const pfns = [{ start: pfn, end: pfn + 1 }];
      for (const { batch, rows } of inspector.selectSync({ columns: names, pfns })) {
        const page = rows[0];
        if (page === undefined) continue;
        const state = cellTexts(batch, ['state'])[0]!(page);
        if (state !== 'ok') {
          throw new FaultError({
            address: inspector.model.addressOf(pfn) ?? 0n,
            space: 'virtual',
            reason: state as 'excluded',
            what: `the struct page of pfn ${pfn}`,
          });
        }
        const cells = cellTexts(batch, names);
        await stdout(
          `${how ? `${how} is ` : ''}pfn ${pfn}\n${labelled(names.map((name, i) => [name, cells[i]!(page)]))}\n`,
        );
        const raw = inspector.reader.read(pfn, 1);
        await stdout(`\nstruct page in memory\n${hexLines(raw.bytes)}\n`);
      }
    });
  });
}

function hexLines(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lines: string[] = [];
  for (let at = 0; at + 8 <= bytes.length; at += 16) {
    const words = [at, at + 8]
      .filter((w) => w + 8 <= bytes.length)
      .map((w) => view.getBigUint64(w, true).toString(16).padStart(16, '0'));
    lines.push(`  +${String(at).padStart(2)}  ${words.join('  ')}`);
  }
  return lines.join('\n');
}
