/** Light or dark. */
export type Theme = 'light' | 'dark';

const root = document.documentElement;

/** The theme that the page has now. */
export function themeNow(): Theme {
  return root.dataset.theme === 'dark' ? 'dark' : 'light';
}

function setTheme(theme: Theme): void {
  root.dataset.theme = theme;
  root.style.colorScheme = theme;
}

/** Takes the theme of the machine. */
export function startTheme(): void {
  setTheme(matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
}

export function toggleTheme(): void {
  setTheme(themeNow() === 'dark' ? 'light' : 'dark');
}

/** The value of a colour of the style sheet. */
export function styleColour(name: 'ink' | 'ground' | 'panel'): string {
  return getComputedStyle(root).getPropertyValue(`--${name}`);
}
