import type { Command } from 'commander';
import { entryFlagNames, translateAddress, UsageError } from '../../index.ts';
import { addExamples } from '../help.ts';
import { withImage } from '../open.ts';
import { addImage, type ImageOptions, splitArguments } from '../options.ts';
import { aligned, printJson, stdout } from '../output.ts';
import type { TranslationData } from '../schemas/pages.ts';
import { hexText, sizeText } from '../units.ts';

/** structpage translate: a page-table walk, level by level. */
export function translateCommand(program: Command): void {
  const command = program
    .command('translate')
    .summary('walk the page tables for an address')
    .description('Translates a kernel virtual address and shows the page table entry of each level.')
    .usage('[options] [dump...] <address>')
    .argument('<address...>', 'a memory dump (default: this machine), then a virtual address, 0x...')
    .option('--json', 'print JSON');
  addExamples(command, 'structpage translate vmcore 0xffe490aa00040c40');
  addImage(command).action(async (args: string[], options: ImageOptions & { json?: boolean }) => {
    const { dumps, asked } = splitArguments(args, 'an address', checkAddress);
    const [text] = asked;
    if (asked.length > 1) throw new UsageError(`expected one address, found ${asked.join(' ')}`);
    const address = BigInt(text!);
    await withImage(dumps, options, async (inspector) => {
      const { walker } = inspector.kernel.space;
      const { tables } = walker;
      const { steps, physical, pageSize, reason } = walker.walk(address);
      const pfn = physical === undefined ? undefined : Math.floor(physical / inspector.kernel.pageBytes);
      const described = inspector.model.pfnOf(address);
      if (options.json) {
        const data: TranslationData = {
          address: hexText(address),
          paging: tables.mode.name,
          root: hexText(tables.root),
          steps: steps.map((s) => ({
            level: s.level,
            index: s.index,
            entry: hexText(s.entry),
            at: hexText(s.at),
            flags: entryFlagNames(tables, s),
          })),
          physical: physical === undefined ? null : hexText(physical),
          pageSize: physical === undefined ? null : pageSize,
          pfn: pfn ?? null,
          fault: reason ?? null,
          structPageOf: described ?? null,
        };
        await printJson(data);
        translateAddress(inspector, address);
        return;
      }
      await stdout(`${tables.mode.name} page tables at physical ${hexText(tables.root)}\n`);
      const rows = steps.map((s) => [
        s.level,
        `${s.index}`,
        `0x${s.entry.toString(16).padStart(16, '0')}`,
        hexText(s.at),
        ` ${entryFlagNames(tables, s).join('|')}`,
      ]);
      if (rows.length > 0) {
        const head = ['level', 'index', 'entry', 'at physical', ' flags'];
        await stdout(`${aligned([head, ...rows], '', [0, 4])}\n`);
      }
      // throws the error that explains what the address may be
      const found = translateAddress(inspector, address);
      await stdout(
        `physical ${hexText(found.physical)}, in a ${sizeText(found.pageSize)} page, pfn ${pfn}\n`,
      );
      if (described !== undefined) await stdout(`inside the struct page of pfn ${described}\n`);
    });
  });
}

function checkAddress(text: string): void {
  if (!/^0x[0-9a-f]{1,16}$/i.test(text)) {
    throw new UsageError(`'${text}' is not a virtual address; write 0x and up to 16 hexadecimal digits`);
  }
}
