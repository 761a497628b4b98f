/**
 * Owns how the page looks. In: nothing. Out: its style sheet, and the hash by which the content security policy lets it in.
 * @module
 */
import { createHash } from "node:crypto";

export const OVERVIEW_STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f5f7f9; --card: #ffffff; --line: #dde3e9; --text: #17212b; --quiet: #5a6875; --accent: #0b6e6e;
  --good: #14733b; --good-ground: #e0f3e7; --warn: #855500; --warn-ground: #fcf0d4;
  --bad: #ab2430; --bad-ground: #fbe5e7; --plain-ground: #eaeef2;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0f151b; --card: #172029; --line: #2a3642; --text: #e4ebf1; --quiet: #97a6b4; --accent: #56c8c0;
    --good: #6fd695; --good-ground: #17392a; --warn: #efc163; --warn-ground: #3d3117;
    --bad: #ff919a; --bad-ground: #472228; --plain-ground: #24303b;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--ground); color: var(--text); overflow-wrap: anywhere;
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
}
header, main, footer { max-width: 1120px; margin: 0 auto; padding: 0 20px; }
header { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 12px; padding-top: 28px; }
header svg { width: 34px; height: 34px; color: var(--accent); flex: none; }
h1 { font-size: 1.45rem; line-height: 1.2; margin: 0; letter-spacing: -.01em; }
header p { flex-basis: 100%; margin: 0; color: var(--quiet); }
.version { color: var(--quiet); font-size: .9rem; }
.push { margin-left: auto; }
section { margin-top: 26px; }
section.close { margin-top: 14px; }
time { white-space: nowrap; }
h2 { font-size: 1rem; margin: 0 0 10px; }
a { color: var(--accent); }
a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
code { font: .9em ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.badge {
  display: inline-block; padding: 1px 9px; border-radius: 999px; font-size: .82rem; font-weight: 600;
  background: var(--plain-ground); color: var(--quiet); white-space: nowrap;
}
.badge.good { background: var(--good-ground); color: var(--good); }
.badge.warn { background: var(--warn-ground); color: var(--warn); }
.badge.bad { background: var(--bad-ground); color: var(--bad); }
.cards { display: grid; grid-template-columns: repeat(4, 1fr); gap: 14px; margin: 0; }
.card, .panel { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.card { padding: 14px 16px; min-width: 0; }
.card dt { color: var(--quiet); font-size: .9rem; }
.card dd { margin: 0; }
.card .value { font-size: 1.7rem; font-weight: 650; line-height: 1.3; font-variant-numeric: tabular-nums; }
.note { color: var(--quiet); font-size: .85rem; }
.panel { padding: 2px 16px; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 10px 12px 10px 0; vertical-align: top; font-weight: 400; }
thead th { color: var(--quiet); font-size: .85rem; }
tbody th { font-weight: 600; }
tbody tr { border-top: 1px solid var(--line); }
td:last-child, th:last-child { padding-right: 0; }
.number { text-align: right; white-space: nowrap; }
td .note { display: block; max-width: 44ch; }
td .error { color: var(--bad); }
.links { list-style: none; margin: 0; padding: 0; }
.links li { display: flex; flex-wrap: wrap; gap: 2px 14px; padding: 10px 0; }
.links li + li { border-top: 1px solid var(--line); }
.links .path { flex: 0 0 9.5rem; }
.links .about { flex: 1 1 16rem; }
.groups a { margin-right: .7em; white-space: nowrap; }
.notice { border-left: 4px solid var(--warn); padding: 12px 16px; }
.notice h2 { margin-bottom: 4px; }
.notice ul { margin: 6px 0 0; padding-left: 18px; }
footer { color: var(--quiet); font-size: .85rem; padding-top: 24px; padding-bottom: 32px; }
@media (max-width: 860px) { .cards { grid-template-columns: repeat(2, 1fr); } }
@media (max-width: 640px) {
  header, main, footer { padding-left: 14px; padding-right: 14px; }
  .card .value { font-size: 1.4rem; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  table, tbody, tr, th, td { display: block; }
  tbody tr { padding: 10px 0; }
  tbody tr:first-child { border-top: 0; }
  th, td, td:last-child { padding: 2px 0; }
  td { display: grid; grid-template-columns: 7rem 1fr; }
  td::before { content: attr(data-label); color: var(--quiet); }
  .number { text-align: left; }
}
`;

/** As a source expression of `style-src`. */
export const OVERVIEW_STYLE_SOURCE = `'sha256-${
  createHash("sha256").update(OVERVIEW_STYLE).digest("base64")
}'`;
