import type { PageFacts } from '../page-facts.ts';
import { pfnAt, positionOf } from '../places.ts';
import { type Description, describeCell, describePage } from './describe.ts';
import { byId, countOf, definitions, element, sizeOf } from './elements.ts';
import { Emphasis } from './emphasis.ts';
import { listenTo } from './input.ts';
import { Legend } from './legend.ts';
import { Model } from './model.ts';
import { type Answer, answersTo, notSearched, Places } from './search.ts';
import { startTheme, themeNow, toggleTheme } from './theme.ts';
import { hideTip, showTip } from './tip.ts';
import { View } from './view.ts';

/** From this many pixels a page on, the tip tells about the page, below it about its block. */
const PAGES_FROM = 2;
/** Pixels of a page that was looked for. */
const FOUND_SCALE = 24;

const facts: PageFacts = JSON.parse(byId('page-facts').textContent!);

async function start(): Promise<void> {
  startTheme();
  const model = await Model.open(facts, byId('pieces').textContent!.trim());
  const emphasis = new Emphasis(model);
  const canvas = byId<HTMLCanvasElement>('map');
  const view = new View(canvas, model, emphasis);
  view.pfnOf = (position) => pfnAt(facts.stretches, position);
  const legend = new Legend(model, emphasis, () => view.draw());
  let places = new Places();
  let asked = 0;

  byId('about')
    .querySelector('#facts')!
    .append(...definitions(facts.about));
  byId('notes').append(...facts.notes.map((note) => element('li', note)));

  const showStatus = (): void => {
    const across = view.scale >= 1 ? `${view.scale.toFixed(view.scale < 10 ? 1 : 0)} pixels a page` : '';
    const within = `${countOf(Math.round(1 / view.scale ** 2))} pages a pixel`;
    byId('status').textContent = `${countOf(facts.positions)} pages, ${across || within}`;
    canvas.dataset.scale = `${view.scale}`;
  };
  view.onDraw = showStatus;

  const swatch = ({ code, title }: Description): HTMLElement => {
    const made = element('strong', title);
    if (code !== undefined) made.style.borderLeft = `12px solid ${facts.legend[code]![themeNow()]}`;
    if (code !== undefined) made.style.paddingLeft = '6px';
    return made;
  };

  /** Shows the tip for a point of the canvas. */
  const hover = async (x: number, y: number): Promise<void> => {
    const position = view.positionAt(x, y);
    const ticket = ++asked;
    if (position === undefined) {
      hideTip();
      return;
    }
    const said =
      view.scale >= PAGES_FROM ? await describePage(model, position) : describeCell(model, position);
    if (ticket !== asked) return;
    const list = element('dl', '', ...definitions(said.rows));
    showTip(x, y, canvas, swatch(said), list);
  };
  const leave = (): void => {
    asked++;
    hideTip();
  };

  const select = async (position: number | undefined): Promise<void> => {
    view.selected = position;
    view.draw();
    byId('page').hidden = position === undefined;
    if (position === undefined) return;
    const { rows } = await describePage(model, position);
    if (view.selected === position) byId('columns').replaceChildren(...definitions(rows));
  };

  const goTo = (position: number): void => {
    view.goTo(position, FOUND_SCALE);
    void select(position);
  };

  /** Shows one meaning of a query. */
  const show = async (answer: Answer): Promise<void> => {
    places = new Places();
    if (answer.what === 'page') {
      emphasis.find(undefined);
      goTo(answer.position);
      return;
    }
    emphasis.find(answer.kinds);
    view.draw();
    const mine = places;
    const redraw = (): void => {
      emphasis.version++;
      view.draw();
    };
    if (!(await mine.collect(model, emphasis, redraw))) return;
    redraw();
    const first = mine.step(1);
    if (first !== undefined) void select(first);
    byId('found').querySelector('.faint')?.remove();
    const text = `${countOf(mine.positions.length)} runs of pages; n and p go through them. ${notSearched(model)}`;
    const hint = element('p', text);
    hint.className = 'faint';
    byId('found').append(hint);
  };

  const search = (query: string): void => {
    const answers = answersTo(model, query);
    const found = byId('found');
    found.replaceChildren();
    if (query.trim() === '') {
      emphasis.find(undefined);
      view.draw();
      return;
    }
    const [first] = answers;
    if (!first) {
      found.append(element('p', `Nothing is called “${query.trim()}”. ${notSearched(model)}`));
      return;
    }
    for (const answer of answers) {
      const pages = answer.what === 'kinds' ? `: ${countOf(answer.pages)} pages` : '';
      const button = element('button', `${answer.text}${pages}`);
      button.type = 'button';
      button.onclick = () => void show(answer);
      found.append(button);
    }
    void show(first);
  };
  byId<HTMLFormElement>('search').onsubmit = (event) => {
    event.preventDefault();
    search(byId<HTMLInputElement>('query').value);
  };

  const changeTheme = (): void => {
    toggleTheme();
    legend.show();
    view.recolour();
  };
  const reset = (): void => {
    byId<HTMLInputElement>('query').value = '';
    byId('found').replaceChildren();
    places = new Places();
    emphasis.clear();
    legend.show();
    void select(undefined);
  };
  const step = (by: 1 | -1): void => {
    const position = places.step(by);
    if (position !== undefined) goTo(position);
  };
  const moveSelection = (x: number, y: number): boolean => {
    if (view.selected === undefined || view.scale < PAGES_FROM) return false;
    const { width, height } = model.curve;
    const place = model.curve.place(view.selected);
    const [column, row] = [(place % width) + x, Math.floor(place / width) + y];
    if (column < 0 || row < 0 || column >= width || row >= height) return true;
    const position = model.curve.at(column, row);
    if (position >= facts.positions) return true;
    void select(position);
    view.reveal(position);
    return true;
  };
  listenTo(view, { hover, leave, select, reset, step, changeTheme, moveSelection });
  new ResizeObserver(() => view.draw()).observe(canvas);
  legend.show();
  view.showAll();
  const [, pfn] = /^#pfn=(\d+)$/.exec(location.hash) ?? [];
  const wanted = pfn === undefined ? undefined : positionOf(facts.stretches, Number(pfn));
  if (wanted !== undefined) goTo(wanted);
  document.documentElement.dataset.ready = sizeOf(facts.positions * facts.pageBytes);
}

start().catch((error: unknown) => {
  byId('status').textContent = `This map cannot be shown: ${(error as Error).message}`;
});
