/** The script of the page: it shows, sorts and filters the rows of the element `data`. Names are only ever set as text. */
export const SCRIPT = `
'use strict';
const COLOURS = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00', '#f0e442', '#7a5195', '#8c6d31', '#8b949e'];
const FREE = /^(free_|buddy$)/;
const STEP = 200;
const data = JSON.parse(document.getElementById('data').textContent);
const byId = (id) => document.getElementById(id);
const make = (name, text) => {
  const element = document.createElement(name);
  if (text !== undefined) element.textContent = text;
  return element;
};
const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
const size = (bytes) => {
  let unit = 0;
  while (bytes >= 1024 && unit < UNITS.length - 1) {
    bytes /= 1024;
    unit++;
  }
  return (Number.isInteger(bytes) ? bytes : bytes.toFixed(1)) + ' ' + UNITS[unit];
};
let used = 0;
const colours = data.classes.map((name) => (FREE.test(name) ? 'var(--bar)' : COLOURS[used++ % COLOURS.length]));
const share = (host, i) => (host.memory > 0 ? (host.bytes[i] || 0) / host.memory : 0);
const COLUMNS = [
  ['host', (h) => h.host],
  ['role', (h) => h.role],
  ['release', (h) => h.release],
  ['memory', (h) => h.memory],
  ['classes', undefined],
  ['remarks', (h) => h.marks.length],
];
const state = { key: 'remarks', down: true, shown: STEP };
const values = new Map(COLUMNS.filter((c) => c[1]));
data.classes.forEach((name, i) => values.set('class ' + name, (h) => share(h, i)));

function selected() {
  const text = byId('text').value.toLowerCase();
  const role = byId('role').value;
  const release = byId('release').value;
  const rows = data.hosts.filter((host) =>
    (role === '' || host.role === role.slice(1)) &&
    (release === '' || host.release === release.slice(1)) &&
    (!byId('marked').checked || host.marks.length > 0) &&
    (text === '' || [host.host, host.role, host.release, ...host.marks.map((m) => m[1])].some((t) => t.toLowerCase().includes(text))));
  const value = values.get(state.key);
  const sign = state.down ? -1 : 1;
  return rows.sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    return x < y ? -sign : x > y ? sign : a.host < b.host ? -1 : 1;
  });
}

function row(host) {
  const tr = make('tr');
  if (host.marks.length > 0) tr.className = 'marked';
  const name = make('td', host.host);
  name.className = 'name';
  const memory = make('td', size(host.memory));
  memory.className = 'number';
  const bars = make('td');
  bars.className = 'bars';
  const bar = make('div');
  bar.className = 'bar';
  bar.setAttribute('role', 'img');
  const words = [];
  data.classes.forEach((name, i) => {
    const part = share(host, i);
    if (part <= 0) return;
    const label = name + ' ' + (100 * part).toFixed(1) + ' %, ' + size(host.bytes[i]);
    words.push(label);
    const piece = make('i');
    piece.style.width = 100 * part + '%';
    piece.style.background = colours[i];
    piece.title = label;
    bar.append(piece);
  });
  bar.setAttribute('aria-label', words.join('; '));
  bars.append(bar);
  const marks = make('td');
  const list = make('ul');
  for (const [query, text] of host.marks) {
    const link = make('a', text);
    link.href = '#query-' + data.queries[query].name;
    link.title = data.queries[query].title;
    const item = make('li');
    item.append(link);
    list.append(item);
  }
  marks.append(list);
  tr.append(name, make('td', host.role), make('td', host.release), memory, bars, marks);
  return tr;
}

function show() {
  const rows = selected();
  byId('rows').replaceChildren(...rows.slice(0, state.shown).map(row));
  byId('count').textContent = rows.length + ' of ' + data.hosts.length + ' hosts' + (rows.length > state.shown ? ', the first ' + state.shown + ' are shown' : '');
  byId('more').hidden = rows.length <= state.shown;
  for (const th of byId('head').children) {
    if (th.dataset.key === state.key) th.setAttribute('aria-sort', state.down ? 'descending' : 'ascending');
    else th.removeAttribute('aria-sort');
  }
  for (const button of byId('legend').children) button.setAttribute('aria-pressed', button.dataset.key === state.key);
}

function sortBy(key) {
  state.down = state.key === key ? !state.down : key === 'memory' || key === 'remarks' || key.startsWith('class ');
  state.key = key;
  state.shown = STEP;
  show();
}

for (const [name, value] of COLUMNS) {
  const th = make('th');
  th.scope = 'col';
  if (value) {
    th.dataset.key = name;
    const button = make('button', name);
    button.type = 'button';
    button.addEventListener('click', () => sortBy(name));
    th.append(button);
  } else th.textContent = name;
  byId('head').append(th);
}
data.classes.forEach((name, i) => {
  const button = make('button');
  button.type = 'button';
  button.dataset.key = 'class ' + name;
  const patch = make('span');
  patch.style.background = colours[i];
  if (colours[i].startsWith('var')) patch.style.outline = '1px solid var(--dim)';
  button.append(patch, name);
  button.addEventListener('click', () => sortBy('class ' + name));
  byId('legend').append(button);
});
for (const [id, key] of [['role', 'role'], ['release', 'release']]) {
  const select = byId(id);
  select.append(make('option', 'all'));
  select.firstChild.value = '';
  for (const value of [...new Set(data.hosts.map((host) => host[key]))].sort()) {
    const option = make('option', value === '' ? '(none)' : value);
    option.value = '=' + value;
    select.append(option);
  }
  select.addEventListener('change', () => { state.shown = STEP; show(); });
}
byId('text').addEventListener('input', () => { state.shown = STEP; show(); });
byId('marked').addEventListener('change', () => { state.shown = STEP; show(); });
byId('more').addEventListener('click', () => { state.shown += STEP; show(); });
byId('theme').addEventListener('click', () => {
  const root = document.documentElement;
  const dark = root.classList.contains('dark') || (!root.classList.contains('light') && matchMedia('(prefers-color-scheme: dark)').matches);
  root.classList.remove('dark', 'light');
  root.classList.add(dark ? 'light' : 'dark');
});
function openQuery() {
  const target = location.hash.startsWith('#query-') && byId(decodeURIComponent(location.hash.slice(1)));
  if (target) {
    target.open = true;
    target.scrollIntoView();
  }
}
addEventListener('hashchange', openQuery);
show();
openQuery();
`;
