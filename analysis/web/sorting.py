"""The report's only script: a click on a heading sorts its table. Without it the page is complete and unsorted.

The page's policy names it by its hash, so that nothing else can run.
"""

import base64
import hashlib

SCRIPT = """
"use strict";
const next = { none: "ascending", ascending: "descending", descending: "none" };

function keyOf(row, column, numeric) {
  const cell = row.cells[column];
  if (!numeric) return cell.textContent.trim() || null;
  return "value" in cell.dataset ? Number(cell.dataset.value) : null;
}

function compare(a, b, sign) {
  if (a === null || b === null) return (a === null) - (b === null);
  return sign * (typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true }));
}

function sorted(rows, column, order) {
  if (order === "none") return rows;
  const numeric = rows.some((row) => "value" in row.cells[column].dataset);
  const sign = order === "ascending" ? 1 : -1;
  const keyed = rows.map((row) => [keyOf(row, column, numeric), row]);
  return keyed.sort((a, b) => compare(a[0], b[0], sign)).map((pair) => pair[1]);
}

for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const asMade = [...body.rows];
  if (asMade.length < 2) continue;
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.title = "sort";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const order = next[heading.getAttribute("aria-sort") ?? "none"];
      for (const other of headings) other.removeAttribute("aria-sort");
      if (order !== "none") heading.setAttribute("aria-sort", order);
      body.append(...sorted(asMade, column, order));
    });
  });
}
"""
SCRIPT_HASH = f"sha256-{base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()}"
