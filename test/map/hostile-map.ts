import { type Legend, legendOf } from '../../src/map/legend.ts';
import { mapHtml } from '../../src/map/map-html.ts';
import type { MapData } from '../../src/map/read-map.ts';
import { TileSink } from '../../src/map/tiles.ts';
import { byOwner } from '../../src/map/values/by-kind.ts';

/** A name of a file as an attacker would choose it. */
export const HOSTILE =
  '</script><script>document.title = "ran"</script><img src=x onerror="document.title=\'ran\'">';

/** A map of 1024 pages whose every text is hostile. */
export function hostileMap(): string {
  const facts = {
    text: (name: string) => (name === 'state' ? 'ok' : HOSTILE),
    number: () => 1,
    names: () => [HOSTILE],
    cell: () => HOSTILE,
  };
  const kinds = [0, 1].map((number) => ({
    number,
    label: number,
    zone: number,
    tuple: number === 0 ? undefined : 0,
    pages: 512,
  }));
  const data: MapData = {
    stretches: [{ start: 0, end: 1024, at: 0 }],
    positions: 1024,
    kinds,
    labels: ['no struct page', HOSTILE],
    zones: [undefined, { node: 0, zone: HOSTILE }],
    columns: ['state', 'file'],
    factsOf: ({ tuple }) => (tuple === undefined ? undefined : facts),
  };
  const sink = new TileSink(1024);
  for (const [i, kind] of kinds.entries()) sink.run(i * 512, 512, kind);
  sink.end();
  const legend: Legend = legendOf(data, byOwner);
  const about = {
    title: HOSTILE,
    value: 'owner',
    about: [['host', HOSTILE]] as const,
    notes: [HOSTILE],
    curve: 'hilbert',
    pageBytes: 4096,
    structPages: null,
  } as const;
  return [...mapHtml(sink, data, legend, about, 1e6)].join('');
}
