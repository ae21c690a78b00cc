import { openFleet, requireTables } from '../session.ts';
import type { FleetStore } from '../store.ts';
import { reportData } from './data.ts';
import { reportPage } from './page.ts';

/** A page about a fleet. */
export interface FleetReport {
  readonly html: string;
  readonly hosts: number;
  /** Hosts with remarks. */
  readonly marked: number;
}

/**
 * A page of HTML about the newest snapshots of all hosts, which needs nothing else. Throws UnsupportedError without DuckDB,
 * and UsageError for a store without summaries.
 */
export async function fleetReport(store: FleetStore): Promise<FleetReport> {
  requireTables(store, ['hosts', 'summary']);
  const session = await openFleet(store);
  try {
    const data = await reportData(session, store);
    const marked = data.hosts.filter((host) => host.marks.length > 0).length;
    return { html: reportPage(data), hosts: data.hosts.length, marked };
  } finally {
    session.close();
  }
}
