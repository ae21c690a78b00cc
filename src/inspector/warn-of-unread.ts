import { PAGE_STATES } from '../memmap/page-reader.ts';
import type { PageCounts } from '../scan/scan.ts';

/** Warns through the process that rows are missing, if the caller did not ask for counts. */
export function warnOfUnread(counts: PageCounts): void {
  const missing = PAGE_STATES.filter((s) => s !== 'ok' && s !== 'absent' && counts[s] > 0);
  if (missing.length === 0) return;
  const total = missing.reduce((sum, s) => sum + counts[s], 0);
  const states = missing.map((s) => `${s} ${counts[s]}`).join(', ');
  process.emitWarning(
    `${total} struct pages could not be read (${states}) and are left out; the column 'state' lists them`,
    { type: 'StructPageWarning', code: 'STRUCTPAGE_UNREAD' },
  );
}
