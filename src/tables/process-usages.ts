import type { Inspector } from '../inspector/inspector.ts';
import { heldPages } from '../owners/held-pages.ts';
import { type Process, Processes } from '../owners/processes.ts';
import { type Usage, UsageCounter } from '../owners/usage.ts';
import type { Trouble } from './table-definition.ts';

/** All processes, and a counter of the processes that share each page. */
export function countProcesses(
  { objects, model, kernel, layout, reader }: Inspector,
  trouble: Trouble,
): { readonly processes: Processes; readonly list: readonly Process[]; readonly counter: UsageCounter } {
  const limit = model.present.at(-1)?.end ?? 0;
  const processes = new Processes(objects, limit, trouble);
  const list = processes.list();
  const counter = new UsageCounter(processes, limit, heldPages(layout, model, reader, kernel.pageShift));
  counter.count(list);
  return { processes, list, counter };
}

/** The usage of each process, largest first. */
export function processUsages(
  inspector: Inspector,
  trouble: Trouble,
): {
  readonly usages: readonly { readonly process: Process; readonly used: Usage }[];
  /** Whether the format of swapped pages is known for this architecture. */
  readonly knowsSwap: boolean;
} {
  const { processes, list, counter } = countProcesses(inspector, trouble);
  const usages = list.map((process) => ({ process, used: counter.of(process) }));
  return { usages: usages.sort((a, b) => b.used.rss - a.used.rss), knowsSwap: processes.knowsSwap };
}
