import { byId, countOf, element, sizeOf } from './elements.ts';
import type { Emphasis } from './emphasis.ts';
import type { Model } from './model.ts';
import { themeNow } from './theme.ts';

/** The legend: buttons that choose which pages stand out. */
export class Legend {
  readonly #model: Model;
  readonly #emphasis: Emphasis;
  readonly #changed: () => void;

  constructor(model: Model, emphasis: Emphasis, changed: () => void) {
    this.#model = model;
    this.#emphasis = emphasis;
    this.#changed = changed;
    byId('value').textContent = `Pages by ${model.facts.value}`;
  }

  /** Shows the entries as they are now. */
  show(): void {
    const { facts } = this.#model;
    const list = byId('legend');
    const focused = [...list.children].findIndex((item) => item.contains(document.activeElement));
    list.className = this.#emphasis.chosen.size > 0 ? 'filtered' : '';
    list.replaceChildren(
      ...facts.legend.map((entry, code) => {
        const colour = element('i');
        colour.style.background = entry[themeNow()];
        const button = element(
          'button',
          '',
          colour,
          element('span', entry.label),
          element('b', countOf(entry.pages)),
        );
        button.type = 'button';
        button.title = sizeOf(entry.pages * facts.pageBytes);
        button.setAttribute('aria-pressed', `${this.#emphasis.chosen.has(code)}`);
        button.onclick = () => {
          this.#emphasis.toggle(code);
          this.show();
          this.#changed();
        };
        return element('li', '', button);
      }),
    );
    if (focused >= 0) list.children[focused]?.querySelector('button')?.focus();
  }
}
