/** The style of the page. Colours of classes are those of Okabe and Ito, which colour-blind people can tell apart. */
export const STYLE = `
:root { color-scheme: light dark; --back: #fff; --text: #1b1f24; --dim: #57606a; --line: #d0d7de; --mark: #b42318; --bar: #eaeef2; }
@media (prefers-color-scheme: dark) { :root:not(.light) { --back: #14171a; --text: #e6e8ea; --dim: #9aa4ae; --line: #343b43; --mark: #ff9a8d; --bar: #262c33; } }
:root.dark { color-scheme: dark; --back: #14171a; --text: #e6e8ea; --dim: #9aa4ae; --line: #343b43; --mark: #ff9a8d; --bar: #262c33; }
:root.light { color-scheme: light; }
body { margin: 0; background: var(--back); color: var(--text); font: 14px/1.45 system-ui, sans-serif; }
header { position: sticky; top: 0; z-index: 1; padding: 12px 20px; background: var(--back); border-bottom: 1px solid var(--line); }
h1 { margin: 0; font-size: 18px; overflow-wrap: anywhere; }
h2 { margin-top: 32px; font-size: 16px; }
header p { margin: 2px 0 10px; color: var(--dim); }
main { padding: 8px 20px 40px; }
#controls { display: flex; flex-wrap: wrap; gap: 8px 16px; align-items: center; }
#text { width: 22em; max-width: 100%; }
#legend { display: flex; flex-wrap: wrap; gap: 4px 12px; margin-top: 10px; }
#legend button, th button { padding: 0; border: 0; background: none; color: inherit; font: inherit; cursor: pointer; }
#legend button[aria-pressed=true], th[aria-sort] button { text-decoration: underline; font-weight: 600; }
#legend span { display: inline-block; width: 11px; height: 11px; margin-right: 5px; border-radius: 2px; vertical-align: -1px; }
table { width: 100%; border-collapse: collapse; }
th { text-align: left; font-weight: 600; white-space: nowrap; }
th, td { padding: 5px 10px 5px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.name { min-width: 7em; font-weight: 600; overflow-wrap: anywhere; }
td.bars { width: 36%; min-width: 220px; }
.bar { display: flex; height: 18px; overflow: hidden; border-radius: 3px; background: var(--bar); }
.bar i { display: block; height: 100%; }
ul { margin: 0; padding: 0; list-style: none; }
li { color: var(--mark); }
li a { color: inherit; }
tr.marked td.name::before { content: '\\25CF'; margin-right: 6px; color: var(--mark); }
#count { color: var(--dim); }
#more { margin-top: 12px; }
details { margin: 6px 0; }
pre { overflow-x: auto; padding: 10px; background: var(--bar); border-radius: 4px; }
`;
