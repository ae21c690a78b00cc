import type { Command } from 'commander';
import { translateAddress, UsageError } from '../../index.ts';
import { withImage } from '../open.ts';
import { addImage, dumpsAnd, type ImageOptions } from '../options.ts';
import { aligned, stdout } from '../output.ts';

/** structpage translate: a page-table walk, level by level. */
export function translateCommand(program: Command): void {
  const command = program
    .command('translate')
    .summary('walk the page tables for an address')
    .description('Translates a kernel virtual address and tells what each level of the page tables says.')
    .usage('[options] [dump...] <address>')
    .argument(
      '<address...>',
      'a memory dump (this machine if none is named), and last a virtual address, 0x...',
    );
  addImage(command).action(async (args: string[], options: ImageOptions) => {
    const { dumps, asked } = dumpsAnd(args, 'the address', checkAddress);
    const address = BigInt(asked);
    await withImage(dumps, options, async (inspector) => {
      const { walker } = inspector.kernel.space;
      const { steps } = walker.walk(address);
      const rows = steps.map((s) => [
        s.level,
        `index ${s.index}`,
        `entry 0x${s.entry.toString(16).padStart(16, '0')}`,
        `at physical 0x${s.at.toString(16)}`,
      ]);
      await stdout(
        `${walker.tables.mode.name} page tables at physical 0x${walker.tables.root.toString(16)}\n`,
      );
      if (rows.length > 0) await stdout(`${aligned(rows)}\n`);
      const { physical, pageSize } = translateAddress(inspector, address);
      await stdout(
        `physical 0x${physical.toString(16)}, in a page of ${pageSize / 1024} KiB, pfn ${Math.floor(physical / inspector.kernel.pageBytes)}\n`,
      );
      const described = inspector.model.pfnOf(address);
      if (described !== undefined) await stdout(`it is within the struct page of pfn ${described}\n`);
    });
  });
}

function checkAddress(text: string): void {
  if (!/^0x[0-9a-f]{1,16}$/i.test(text)) {
    throw new UsageError(`'${text}' is no virtual address; write it as 0x and up to 16 hexadecimal digits`);
  }
}
