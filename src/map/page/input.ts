import { byId } from './elements.ts';
import type { View } from './view.ts';

/** What the user can do besides moving the map. */
export interface Actions {
  hover(x: number, y: number): Promise<void>;
  leave(): void;
  select(position: number | undefined): Promise<void>;
  reset(): void;
  step(by: 1 | -1): void;
  changeTheme(): void;
  /** Moves the chosen page; false if none is chosen. */
  moveSelection(x: number, y: number): boolean;
}

const ZOOM = 1.5;
/** Pixels that an arrow key moves the map. */
const STEP = 60;
/** A pointer that moves less than this between down and up is a click. */
const CLICK = 4;

const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Connects the pointer, the keyboard and the buttons. */
export function listenTo(view: View, actions: Actions): void {
  listenToPointer(view, actions);
  byId('in').onclick = () => view.zoom(ZOOM);
  byId('out').onclick = () => view.zoom(1 / ZOOM);
  byId('all').onclick = () => view.showAll();
  byId('theme').onclick = () => actions.changeTheme();
  const keys: Readonly<Record<string, () => void>> = {
    '+': () => view.zoom(ZOOM),
    '=': () => view.zoom(ZOOM),
    '-': () => view.zoom(1 / ZOOM),
    0: () => view.showAll(),
    '/': () => byId('query').focus(),
    n: () => actions.step(1),
    p: () => actions.step(-1),
    t: () => actions.changeTheme(),
    Escape: () => {
      actions.reset();
      view.canvas.focus();
    },
  };
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isTyping = document.activeElement instanceof HTMLInputElement;
    if (isTyping && event.key !== 'Escape') return;
    const arrow = ARROWS[event.key];
    if (arrow && document.activeElement === view.canvas) {
      const [x, y] = arrow;
      if (!actions.moveSelection(x, y)) view.move(-x * STEP, -y * STEP);
    } else if (keys[event.key]) keys[event.key]!();
    else return;
    event.preventDefault();
  });
}

function listenToPointer(view: View, actions: Actions): void {
  const { canvas } = view;
  const pointers = new Map<number, { x: number; y: number }>();
  let moved = 0;
  const at = (event: PointerEvent | WheelEvent): { x: number; y: number } => {
    const { left, top } = canvas.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  const distance = (): number => {
    const [a, b] = [...pointers.values()];
    return a && b ? Math.hypot(a.x - b.x, a.y - b.y) : 0;
  };
  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, at(event));
    if (pointers.size === 1) moved = 0;
  });
  canvas.addEventListener('pointermove', (event) => {
    const now = at(event);
    const before = pointers.get(event.pointerId);
    if (!before) {
      void actions.hover(now.x, now.y);
      return;
    }
    const apart = distance();
    pointers.set(event.pointerId, now);
    moved += Math.abs(now.x - before.x) + Math.abs(now.y - before.y);
    if (moved < CLICK) return;
    actions.leave();
    view.move((now.x - before.x) / pointers.size, (now.y - before.y) / pointers.size);
    if (apart > 0) view.zoom(distance() / apart, now.x, now.y);
  });
  const up = (event: PointerEvent): void => {
    const { x, y } = at(event);
    if (pointers.delete(event.pointerId) && event.type === 'pointerup' && moved < CLICK) {
      const position = view.positionAt(x, y);
      void actions.select(position === view.selected ? undefined : position);
      void actions.hover(x, y);
    }
  };
  canvas.addEventListener('pointerup', up);
  canvas.addEventListener('pointercancel', up);
  canvas.addEventListener('pointerleave', () => actions.leave());
  canvas.addEventListener('dblclick', (event) => {
    const { left, top } = canvas.getBoundingClientRect();
    view.zoom(ZOOM ** 2, event.clientX - left, event.clientY - top);
  });
  canvas.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault();
      const { x, y } = at(event);
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY * 20 : event.deltaY;
      view.zoom(2 ** (-lines / 240), x, y);
      void actions.hover(x, y);
    },
    { passive: false },
  );
}
