import { escapeHtml, scriptJson } from '../../map/escape.ts';
import type { ReportData } from './data.ts';
import { SCRIPT } from './script.ts';
import { STYLE } from './style.ts';

/** The page as one file of HTML, with its data, script and style. It loads nothing from elsewhere. */
export function reportPage(data: ReportData): string {
  const marked = data.hosts.filter((host) => host.marks.length > 0).length;
  const times = data.hosts.map((host) => host.time).sort();
  const span = times.length === 0 ? '' : `, taken from ${times[0]} to ${times.at(-1)} UTC`;
  const queries = data.queries.map(
    ({ name, title, sql }) =>
      `<details id="query-${escapeHtml(name)}"><summary>${escapeHtml(title)} <code>${escapeHtml(name)}</code></summary><p><code>structpage fleet sql --query ${escapeHtml(name)} ${escapeHtml(data.store)}</code></p><pre>${escapeHtml(sql)}</pre></details>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>${escapeHtml(`Hosts of ${data.store}`)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${escapeHtml(`Hosts of ${data.store}`)}</h1>
<p>${data.hosts.length} hosts, ${marked} of them marked${escapeHtml(span)}.</p>
<div id="controls" role="search">
<label>Find <input id="text" type="search" placeholder="host, release or remark"></label>
<label>Role <select id="role"></select></label>
<label>Release <select id="release"></select></label>
<label><input id="marked" type="checkbox"> marked only</label>
<button id="theme" type="button">Light or dark</button>
</div>
<div id="legend" aria-label="Classes; click to sort by one"></div>
</header>
<main>
<p id="count" aria-live="polite"></p>
<table>
<thead><tr id="head"></tr></thead>
<tbody id="rows"></tbody>
</table>
<button id="more" type="button">Show more</button>
<h2>Queries</h2>
${queries.join('\n')}
</main>
<noscript><p>This page needs JavaScript to show the hosts.</p></noscript>
<script id="data" type="application/json">${scriptJson(data)}</script>
<script>${SCRIPT}</script>
</body>
</html>
`;
}
