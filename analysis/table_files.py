"""A table as a file: CSV with every number in full precision, LaTeX (booktabs) and Markdown as readers see it."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pandas as pd

from analysis.groups import file_stem
from analysis.table import Cell, Table
from bench.files import write_atomically

FORMULA = ("=", "+", "-", "@")
PARTS = ("low", "high", "n")  # the columns that follow a number in the CSV, where any cell of its column has them
GREEK = "alpha beta gamma delta epsilon zeta eta theta kappa lambda mu nu xi pi rho sigma tau phi psi omega"
LATEX = {
    "\\": r"\textbackslash{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": "$<$",
    ">": "$>$",
    "|": "$|$",
    "−": "$-$",
    "–": "--",
    "±": r"$\pm$",
    "×": r"$\times$",
    "≤": r"$\le$",
    "≥": r"$\ge$",
    "≈": r"$\approx$",
    "·": r"$\cdot$",
    "²": r"$^2$",
    "χ": r"$\chi$",
    "…": r"\dots{}",
    "’": "'",
    "[": "{[}",  # a bracket that begins a line would be read as the option of the line break before it
    "]": "{]}",
    "*": "{*}",  # so would a star be
    "\0": "{}",
    **{letter: f"$\\{name}$" for letter, name in zip("αβγδεζηθκλμνξπρστφψω", GREEK.split(), strict=True)},
}


def write_tables(folder: Path, tables: Iterable[Table]) -> list[Path]:
    """Write each table as NAME.csv, NAME.tex and NAME.md into a folder; returns where. A crash leaves no half file."""
    written = []
    for table in tables:
        for ending, render in FORMATS.items():
            path = folder / f"{file_stem(table.name)}.{ending}"
            write_atomically(path, render(table).encode(), durable=False)
            written.append(path)
    return written


def as_csv(table: Table) -> str:
    """Comma-separated values: numbers in full precision, each followed by the interval's ends and n where it has them.

    A number that is not defined is an empty field; a cell without a number keeps its text.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    parts = [_parts(column) for column in zip(*table.rows, strict=True)] or [()] * len(table.headings)
    named = zip((_no_formula(one_line(each)) for each in table.headings), parts, strict=True)
    writer.writerow(name for heading, those in named for name in (heading, *(f"{heading} {part}" for part in those)))
    for row in table.rows:
        writer.writerow(field for cell, those in zip(row, parts, strict=True) for field in _fields(cell, those))
    return text.getvalue()


def as_latex(table: Table) -> str:
    """A floating table in booktabs style; every text is escaped, and nothing but booktabs is needed."""
    columns = "".join("r" if numeric else "l" for numeric in table.numeric)
    lines = [r"\begin{table}", r"\centering", rf"\caption{{{latex(table.title)}}}", rf"\begin{{tabular}}{{{columns}}}"]
    lines += [r"\toprule", _latex_row(table.headings), r"\midrule"]
    lines += [_latex_row(cell.text for cell in row) for row in table.rows]
    lines += [r"\bottomrule", r"\end{tabular}"]
    lines += [rf"\par\smallskip{{\footnotesize {latex(remark)}\par}}" for remark in table.remarks]
    return "\n".join([*lines, r"\end{table}", ""])


def as_markdown(table: Table) -> str:
    """A pipe table under its title, with the remarks as a list."""
    rule = ["--:" if numeric else ":--" for numeric in table.numeric]
    body = [_markdown_row(cell.text for cell in row) for row in table.rows]
    head = [f"**{markdown(table.title)}**", "", _markdown_row(table.headings), f"| {' | '.join(rule)} |"]
    remarks = ["", *(f"- {markdown(remark)}" for remark in table.remarks)] if table.remarks else []
    return "\n".join([*head, *body, *remarks, ""])


def latex(text: str) -> str:
    """A text with every character that LaTeX would take for a command, or that its usual fonts lack, replaced.

    Letters that are neither Latin nor Greek stay: they want XeLaTeX or LuaLaTeX and a font that has them.
    """
    apart = one_line(text).replace("--", "-\0-").replace("--", "-\0-")  # two of them would become a dash
    return "".join(LATEX.get(character, character) for character in apart)


def one_line(text: str) -> str:
    """A text without line breaks."""
    return " ".join(text.split())


def _parts(column: tuple[Cell, ...]) -> tuple[str, ...]:
    return tuple(part for part in PARTS if any(getattr(cell, part) is not None for cell in column))


def _fields(cell: Cell, parts: tuple[str, ...]) -> Iterator[str]:
    yield _no_formula(one_line(cell.text)) if cell.value is None else _number(cell.value)
    yield from (_number(getattr(cell, part)) for part in parts)


def _no_formula(text: str) -> str:
    """A text that no spreadsheet takes for a formula: labels may come from strangers."""
    return f"'{text}" if text.startswith(FORMULA) else text


def frame_as_csv(frame: pd.DataFrame, digits: str | None = None) -> str:
    """A frame as comma-separated values; no text in it is a formula."""
    texts = [str(name) for name in frame if not pd.api.types.is_numeric_dtype(frame[name])]
    plain = {name: [_no_formula(each) if isinstance(each, str) else each for each in frame[name]] for name in texts}
    return frame.assign(**plain).to_csv(index=False, float_format=digits)


def _number(value: float | None) -> str:
    return "" if value is None or math.isnan(value) else repr(value)


def _latex_row(texts: Iterable[str]) -> str:
    return " & ".join(map(latex, texts)) + r" \\"


def _markdown_row(texts: Iterable[str]) -> str:
    return f"| {' | '.join(map(markdown, texts))} |"


def markdown(text: str) -> str:
    """A text with every character that Markdown, as GitHub reads it, would take for markup replaced."""
    plain = one_line(text).replace("\\", "\\\\").replace("|", "\\|").replace("&", "&amp;").replace("<", "&lt;")
    return "".join(f"\\{character}" if character in "*_`[]~$" else character for character in plain)


FORMATS: dict[str, Callable[[Table], str]] = {"csv": as_csv, "tex": as_latex, "md": as_markdown}
