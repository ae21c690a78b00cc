import { byId } from './elements.ts';

/** Shows the tip with some contents beside a point of the canvas. */
export function showTip(x: number, y: number, canvas: HTMLElement, ...children: readonly Node[]): void {
  const tip = byId('tip');
  tip.replaceChildren(...children);
  tip.hidden = false;
  const right = x + 16 + tip.offsetWidth > canvas.clientWidth;
  const low = y + 16 + tip.offsetHeight > canvas.clientHeight;
  tip.style.left = `${Math.max(0, right ? x - 12 - tip.offsetWidth : x + 16)}px`;
  tip.style.top = `${Math.max(0, low ? y - 12 - tip.offsetHeight : y + 16)}px`;
}

export function hideTip(): void {
  byId('tip').hidden = true;
}
