import type { PackedNode } from '../tree.ts';
import type { TreemapFacts } from '../write-treemap.ts';
import { byId, countOf, definitions, element, sizeOf } from './elements.ts';
import { Pieces } from './pieces.ts';
import { startTheme, themeNow, toggleTheme } from './theme.ts';
import { hideTip, showTip } from './tip.ts';
import { drawTree, layOut, type Placed } from './tree-view.ts';

/** Parts that the list shows. */
const MOST_LISTED = 200;

const facts: TreemapFacts = JSON.parse(byId('page-facts').textContent!);

async function start(): Promise<void> {
  startTheme();
  const pieces = new Pieces(byId('pieces').textContent!.trim(), facts.pieces);
  const root: PackedNode = JSON.parse(new TextDecoder().decode(await pieces.read(0)));
  const canvas = byId<HTMLCanvasElement>('map');
  const colours = new Map(facts.colours.map((entry) => [entry.name, entry]));
  let path: readonly PackedNode[] = [root];
  let placed: readonly Placed[] = [];
  let needle = '';
  const matches = new Map<PackedNode, boolean>();

  /** Whether a node or something below it has what was searched for. */
  const isFound = (node: PackedNode): boolean => {
    let found = matches.get(node);
    if (found === undefined) {
      found = node[0].toLowerCase().includes(needle) || node[2].some(isFound);
      matches.set(node, found);
    }
    return found;
  };
  const colourOf = (nodes: readonly PackedNode[]): string => {
    const top = [...path.slice(0, -1), ...nodes][1];
    return (top && colours.get(top[0])?.[themeNow()]) ?? '#888888';
  };
  const draw = (): void => {
    const area = { x: 0, y: 0, width: canvas.clientWidth, height: canvas.clientHeight };
    placed = layOut([path.at(-1)!], area);
    const own = (node: PackedNode): boolean => needle !== '' && !isFound(node);
    drawTree(canvas, placed, facts.pageBytes, colourOf, own);
  };
  const rowsFor = ([, pages]: PackedNode): [string, string][] => [
    ['size', sizeOf(pages * facts.pageBytes)],
    ['pages', countOf(pages)],
    ['share', `${((pages / root[1]) * 100).toFixed(1)} %`],
  ];
  const open = (next: readonly PackedNode[]): void => {
    path = next;
    const node = path.at(-1)!;
    byId('where').textContent =
      path.length === 1
        ? 'All memory'
        : path
            .slice(1)
            .map(([name]) => name)
            .join(' › ');
    byId('size').textContent = rowsFor(node)
      .map(([label, value]) => (label === 'pages' ? `${value} pages` : value))
      .join(', ');
    const items = node[2].slice(0, MOST_LISTED).map((child) => {
      const mark = element('i');
      mark.style.background = colourOf([node, child]);
      const size = element('b', sizeOf(child[1] * facts.pageBytes));
      const button = element('button', '', mark, element('span', child[0]), size);
      button.type = 'button';
      button.disabled = child[2].length === 0;
      button.onclick = () => open([...path, child]);
      return element('li', '', button);
    });
    byId('legend').replaceChildren(...items);
    byId<HTMLButtonElement>('up').disabled = path.length === 1;
    hideTip();
    draw();
  };
  const up = (): void => {
    if (path.length > 1) open(path.slice(0, -1));
  };
  const at = (event: MouseEvent): Placed | undefined => {
    const { left, top } = canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - left, event.clientY - top];
    return placed.findLast(
      ({ area }) => x >= area.x && y >= area.y && x < area.x + area.width && y < area.y + area.height,
    );
  };
  canvas.addEventListener('pointermove', (event) => {
    const found = at(event);
    if (!found || found.path.length === 1) return hideTip();
    const names = [...path.slice(1), ...found.path.slice(1)].map(([name]) => name).join(' › ');
    const { left, top } = canvas.getBoundingClientRect();
    const list = element('dl', '', ...definitions(rowsFor(found.node)));
    showTip(event.clientX - left, event.clientY - top, canvas, element('strong', names), list);
  });
  canvas.addEventListener('pointerleave', hideTip);
  canvas.addEventListener('click', (event) => {
    const found = at(event);
    // one level at a time, so that the way back is the same
    const next = found?.path[1];
    if (next && next[2].length > 0) open([...path, next]);
  });
  const search = (): void => {
    needle = byId<HTMLInputElement>('query').value.trim().toLowerCase();
    matches.clear();
    const sumOf = (node: PackedNode): [count: number, pages: number] => {
      if (node[0].toLowerCase().includes(needle)) return [1, node[1]];
      return node[2].map(sumOf).reduce((sum, [n, pages]) => [sum[0] + n, sum[1] + pages], [0, 0]);
    };
    const [count, pages] = needle === '' ? [0, 0] : sumOf(root);
    byId('found').textContent =
      needle === '' ? '' : `${countOf(count)} found, ${sizeOf(pages * facts.pageBytes)}`;
    draw();
  };
  byId<HTMLFormElement>('search').onsubmit = (event) => {
    event.preventDefault();
    search();
  };
  const changeTheme = (): void => {
    toggleTheme();
    open(path);
  };
  byId('up').onclick = up;
  byId('all').onclick = () => open([root]);
  byId('theme').onclick = changeTheme;
  const keys: Readonly<Record<string, () => void>> = {
    Backspace: up,
    Escape: up,
    0: () => open([root]),
    '/': () => byId('query').focus(),
    t: changeTheme,
  };
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.activeElement instanceof HTMLInputElement || !keys[event.key]) return;
    keys[event.key]!();
    event.preventDefault();
  });
  byId('notes').append(...facts.notes.map((note) => element('li', note)));
  new ResizeObserver(draw).observe(canvas);
  open([root]);
  document.documentElement.dataset.ready = 'yes';
}

start().catch((error: unknown) => {
  byId('size').textContent = `This treemap cannot be shown: ${(error as Error).message}`;
});
