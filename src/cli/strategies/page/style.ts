/** The page's look: one column of text, a table that becomes cards where it is too wide, ink that is not wasted. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fcfcfb; --card: #ffffff; --ink: #1b1f24; --soft: #57606a; --line: #d9dde2; --link: #0a58ca;
  --contained: #11703c; --contained-back: #dff3e6;
  --harmed: #b3211b; --harmed-back: #fde4e1;
  --not-applicable: #5b636c; --not-applicable-back: #eceef0;
  --not-testable: #7a5600; --not-testable-back: #fcf0cf;
  --mark: #fff6c9; --bar: #9db7d8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171b; --card: #1b1f25; --ink: #e6e9ed; --soft: #a3acb7; --line: #343b44; --link: #7db3ff;
    --contained: #74d79b; --contained-back: #17382a;
    --harmed: #ff9d94; --harmed-back: #47201e;
    --not-applicable: #a9b2bc; --not-applicable-back: #2a3037;
    --not-testable: #ecc766; --not-testable-back: #3d3314;
    --mark: #39341c; --bar: #3e5878;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; -webkit-text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: 2rem clamp(1rem, 4vw, 3rem) 4rem; max-width: 78rem;
  background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  overflow-wrap: break-word;
}
h1 { font-size: clamp(1.6rem, 5vw, 2.4rem); line-height: 1.15; letter-spacing: -0.02em; margin: 0 0 0.75rem; text-wrap: balance; }
h2 { font-size: 1.45rem; letter-spacing: -0.01em; margin: 3.5rem 0 0.75rem; padding-top: 0.75rem; border-top: 2px solid var(--ink); }
h3 { font-size: 1.1rem; margin: 2.5rem 0 0.4rem; }
p { margin: 0.5rem 0; max-width: 46rem; }
.soft, caption, .legend { color: var(--soft); }
a { color: var(--link); text-underline-offset: 0.15em; }
a:focus-visible, pre:focus-visible, summary:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 3px; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: 0.5rem; background: var(--card); padding: 0.5rem 1rem; }
code, pre { font-family: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, monospace; font-size: 0.86em; }

.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 0.4rem 1.5rem; padding: 0; margin: 1rem 0; }
.legend li { display: flex; align-items: center; gap: 0.5rem; }
.mark {
  display: inline-grid; place-items: center; flex: none; width: 1.75rem; height: 1.75rem; border-radius: 0.4rem;
  font-weight: 700; font-size: 0.95rem; line-height: 1; text-decoration: none;
  color: var(--tone); background: var(--tint);
}
.contained { --tone: var(--contained); --tint: var(--contained-back); }
.harmed { --tone: var(--harmed); --tint: var(--harmed-back); }
.not-applicable { --tone: var(--not-applicable); --tint: var(--not-applicable-back); }
.not-testable { --tone: var(--not-testable); --tint: var(--not-testable-back); }
a.mark:hover { box-shadow: inset 0 0 0 2px var(--tone); }

table { border-collapse: collapse; width: 100%; }
caption { text-align: left; padding-bottom: 0.5rem; font-size: 0.9rem; }
.overview { width: auto; }
.overview thead th { vertical-align: bottom; padding: 0 0 0.6rem; }
.overview thead th a {
  writing-mode: vertical-rl; transform: rotate(180deg); color: inherit; text-decoration: none;
  font-weight: 600; font-size: 0.9rem; white-space: nowrap; text-align: left;
}
.overview thead th a:hover { text-decoration: underline; }
.overview tbody th { text-align: left; font-weight: 400; padding: 0.15rem 1.25rem 0.15rem 0; }
.overview tbody th a { color: inherit; text-decoration-color: var(--line); }
.overview td { padding: 0.15rem 0.5rem; text-align: center; }
.overview .group th { font-weight: 700; padding-top: 1.1rem; }
.overview td.ours { background: linear-gradient(var(--line), var(--line)) left / 1px 100% no-repeat; padding-left: 1.1rem; }
.overview th.ours { padding-left: 0.6rem; }
.overview tbody tr:not(.group):hover { background: var(--card); box-shadow: 0 0 0 1px var(--line); }
.overview .name { display: none; }

.costs { max-width: 46rem; }
.costs th, .costs td { padding: 0.4rem 0 0.4rem 1rem; border-bottom: 1px solid var(--line); text-align: right; font-variant-numeric: tabular-nums; }
.costs th:first-child { text-align: left; padding-left: 0; font-weight: 400; }
.costs thead th { color: var(--soft); font-size: 0.9rem; font-weight: 600; }
.costs .bar { display: block; height: 4px; border-radius: 2px; margin: 3px 0 0 auto; background: var(--bar); }

details { margin: 0.75rem 0; max-width: 60rem; }
summary { cursor: pointer; color: var(--soft); font-size: 0.92rem; }
pre {
  margin: 0.5rem 0; padding: 0.9rem 1.1rem; overflow-x: auto; background: var(--card);
  border: 1px solid var(--line); border-radius: 0.5rem; line-height: 1.45; tab-size: 2;
}

.cells { margin: 0.9rem 0 0; }
.cells th, .cells td { text-align: left; vertical-align: top; padding: 0.6rem 1rem 0.6rem 0; border-top: 1px solid var(--line); }
.cells th { font-weight: 600; white-space: nowrap; }
.cells .outcome { white-space: nowrap; color: var(--tone); font-weight: 600; }
.cells .outcome .mark { margin-right: 0.5rem; }
.cells tr:target { background: var(--mark); box-shadow: -0.75rem 0 0 var(--mark), 0.25rem 0 0 var(--mark); }
.cells dl { margin: 0; font-size: 0.9rem; display: grid; grid-template-columns: auto; gap: 0.1rem 0.75rem; }
.cells dl div { display: flex; flex-wrap: wrap; gap: 0 0.4rem; }
.cells dt { color: var(--soft); }
.cells dt::after { content: ":"; }
.cells dd { margin: 0; overflow-wrap: anywhere; }
.strategies dt { font-weight: 600; margin-top: 1.25rem; }
.strategies dd { margin: 0.15rem 0 0; max-width: 46rem; }
footer { margin-top: 4rem; color: var(--soft); font-size: 0.9rem; }

@media screen and (max-width: 62rem) {
  .overview, .overview caption, .overview tbody, .overview tr, .overview tbody th { display: block; }
  .overview thead { position: absolute; left: -999rem; }
  .overview tbody tr:not(.group) {
    display: flex; flex-wrap: wrap; gap: 0.4rem; margin: 0 0 0.9rem; padding: 0.8rem; background: var(--card);
    border: 1px solid var(--line); border-radius: 0.7rem;
  }
  .overview tbody tr:not(.group):hover { box-shadow: none; }
  .overview tbody tr:not(.group) th { flex: 0 0 100%; padding: 0; font-weight: 600; }
  .overview .group th { font-size: 1.05rem; padding: 0.8rem 0 0.5rem; }
  .overview td, .overview td.ours { padding: 0; background: none; }
  .overview a.mark { display: inline-flex; width: auto; height: auto; gap: 0.35rem; padding: 0.3rem 0.6rem; min-height: 2rem; align-items: center; }
  .overview .name { display: inline; font-weight: 500; font-size: 0.85rem; }
  .overview td.ours a.mark { box-shadow: inset 0 0 0 1.5px var(--tone); }
  .cells, .cells tbody, .cells tr, .cells th, .cells td { display: block; }
  .cells thead { position: absolute; left: -999rem; }
  .cells tr { border-top: 1px solid var(--line); padding: 0.7rem 0; }
  .cells th, .cells td { border: 0; padding: 0.1rem 0; }
  .cells tr { display: grid; grid-template-columns: 1fr auto; gap: 0.15rem 1rem; align-items: center; }
  .cells th { grid-column: 1; white-space: normal; }
  .cells .outcome { grid-column: 2; }
  .cells td:not(.outcome) { grid-column: 1 / -1; }
}
@media (max-width: 30rem) {
  .costs th, .costs td { padding-left: 0.6rem; font-size: 0.92rem; }
}
@media print {
  :root {
    color-scheme: light;
    --paper: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb; --link: #000;
    --contained: #0b5a2e; --contained-back: #e3f4e9; --harmed: #9a1712; --harmed-back: #fde4e1;
    --not-applicable: #555; --not-applicable-back: #eee; --not-testable: #6a4b00; --not-testable-back: #fcf0cf;
    --mark: #fff;
  }
  @page { size: A4; margin: 14mm; }
  html { font-size: 11.5px; }
  body { padding: 0; max-width: none; }
  .mark { print-color-adjust: exact; -webkit-print-color-adjust: exact; width: 1.15rem; height: 1.15rem; font-size: 0.75rem; }
  .overview { break-inside: avoid; line-height: 1.25; }
  .overview td { padding: 0.02rem 0.3rem; }
  .overview tbody th { padding: 0 0.75rem 0 0; }
  .overview .group th { padding-top: 0.4rem; }
  .cells th, .cells td { padding-top: 0.25rem; padding-bottom: 0.25rem; }
  a { text-decoration: none; color: inherit; }
  details, .skip, .back { display: none; }
  h2 { break-before: page; border: 0; margin-top: 0; }
  h2.overview-title { break-before: auto; }
  h3, .tried { break-after: avoid; }
  tr, dl div { break-inside: avoid; }
  .bar { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`
