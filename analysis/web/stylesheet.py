"""The look of the report: one column of text, figures in pairs where there is room, light, dark and on paper."""

LIGHT = """
  --paper: #fdfdfc; --ink: #22262b; --faint: #646a73; --rule: #d9dce0; --wash: #f3f4f2;
  --link: #0a5a94; --alert: #9a4a00; --good: #1d6b45; --bad: #a4303f;
"""
DARK = """
  --paper: #15171a; --ink: #e4e6e9; --faint: #9aa1ab; --rule: #363b42; --wash: #1d2024;
  --link: #7cbcf0; --alert: #f0a860; --good: #6fcf9b; --bad: #f2909b;
"""
TEXT = """
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 1.0625rem/1.55 Charter, "Bitstream Charter", "Iowan Old Style", Georgia, "Liberation Serif", serif;
}
main { max-width: 74rem; margin: 0 auto; padding: 2.75rem 1.25rem 4rem; }
h1, h2, h3 { line-height: 1.2; font-weight: 600; text-wrap: balance; overflow-wrap: anywhere; }
h1 { font-size: 2.1rem; margin: 0 0 .5rem; letter-spacing: -.01em; }
h2 { font-size: 1.4rem; margin: 0 0 .6rem; }
h3 { font-size: 1.08rem; margin: 1.8rem 0 .5rem; font-style: italic; }
p, ul { margin: .5rem 0 1rem; max-width: 46rem; overflow-wrap: anywhere; }
ul { padding-left: 1.15rem; }
li { overflow-wrap: anywhere; }
a { color: var(--link); text-underline-offset: .15em; text-decoration-thickness: .06em; }
section { margin-top: 2.6rem; padding-top: 1.6rem; border-top: 1px solid var(--rule); }
.small, .remarks, table, nav, figcaption, pre, code, summary, dl, svg text {
  font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", sans-serif;
}
.small { font-size: .8rem; line-height: 1.5; color: var(--faint); max-width: 60rem; }
.lead { font-size: 1.15rem; margin: 0 0 .6rem; max-width: 52rem; }
.remarks { font-size: .85rem; color: var(--alert); padding-left: 1.1rem; margin: .6rem 0; max-width: 60rem; }
.claims { list-style: none; padding: 0; max-width: 60rem; }
.claims li { border-left: .25rem solid var(--faint); padding: .1rem 0 .1rem .8rem; margin: .6rem 0; }
.claims li.supported { border-color: var(--good); }
.claims li.refuted { border-color: var(--bad); }
nav { font-size: .9rem; margin: 1.2rem 0; }
nav ul { list-style: none; padding: 0; display: grid; gap: .2rem; max-width: 60rem; }
dl { display: flex; flex-wrap: wrap; gap: .4rem 2.6rem; margin: 1.4rem 0; }
dl div { min-width: 5rem; }
dt { font-size: .75rem; color: var(--faint); }
dd { margin: 0; font-size: 1.35rem; font-variant-numeric: tabular-nums; }
pre { background: var(--wash); padding: .7rem .9rem; font: .82rem/1.5 ui-monospace, Menlo, Consolas, "Liberation Mono",
  monospace; border-radius: 3px; margin: 0; min-width: fit-content; }
details { margin: .5rem 0; }
summary { cursor: pointer; font-size: .85rem; overflow-wrap: anywhere; padding: .15rem 0; }
details.group > summary { font-size: 1rem; font-weight: 600; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
"""
TABLES = """
.scroll { overflow-x: auto; margin: .6rem 0 1rem; }
table { border-collapse: collapse; font-size: .85rem; line-height: 1.35; border-bottom: 1.5px solid var(--ink);
  font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: .3rem .2rem .45rem; }
thead { border-top: 1.5px solid var(--ink); }
th, td { padding: .34rem .8rem; text-align: left; vertical-align: top; }
th:first-child { padding-left: .2rem; }
td:last-child, th:last-child { padding-right: .2rem; }
thead th { font-weight: 600; vertical-align: bottom; border-bottom: 1px solid var(--ink); }
tbody th { font-weight: 400; min-width: 9.5rem; max-width: 18rem; overflow-wrap: anywhere; }
tbody tr + tr > * { border-top: 1px solid var(--rule); }
td { min-width: 6.5rem; max-width: 34rem; overflow-wrap: anywhere; }
.number { min-width: 3rem; text-align: right; white-space: nowrap; overflow-wrap: normal; }
th button { all: unset; cursor: pointer; box-sizing: border-box; }
th button:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
th button::after { content: "\\2195"; color: var(--faint); font-weight: 400; margin-left: .3em; }
th[aria-sort=ascending] button::after { content: "\\2191"; color: var(--link); }
th[aria-sort=descending] button::after { content: "\\2193"; color: var(--link); }
"""
FIGURES = """
.figures { display: grid; gap: 1.4rem 2rem; margin: 1rem 0;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); }
figure { margin: 1rem 0; min-width: 0; }
.figures figure { margin: 0; }
figure .scroll { margin: 0; }
figure svg { display: block; width: 100%; min-width: 33rem; max-width: 44rem; height: auto; }
figure.main svg { max-width: 58rem; }
figcaption { font-size: .78rem; color: var(--faint); overflow-wrap: anywhere; }
"""
SMALL = """
  main { padding: 1.5rem 1rem 3rem; }
  h1 { font-size: 1.6rem; }
  h2 { font-size: 1.2rem; }
"""
PAPER = """
  main { max-width: none; padding: 0; }
  nav, th button::after { display: none; }
  body { font-size: 10pt; }
  .scroll { overflow: visible; }
  figure svg, figure.main svg { min-width: 0; max-width: 16cm; }
  pre { min-width: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
  figure, tr, li, pre { break-inside: avoid; }
  h2, h3, caption { break-after: avoid; }
  details::details-content { content-visibility: visible; block-size: auto; }
"""
STYLE = f"""
:root {{ color-scheme: light dark; {LIGHT} }}
@media (prefers-color-scheme: dark) {{ :root {{ {DARK} }} }}
{TEXT}{TABLES}{FIGURES}
@media (max-width: 40rem) {{ {SMALL} }}
@media print {{ :root {{ color-scheme: light; {LIGHT} }} {PAPER} }}
"""
