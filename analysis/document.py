"""`python -m analysis.document [results/NAME] FILE.md`: bring a document's tables, claims and figures up to date.

A document says what it wants, and its writer says what it means:

    <!-- table fig1b--own-random -->     what stands here is replaced by that table of tables/, as Markdown
    <!-- end -->
    <!-- claims -->                      and this by what the results say of each claim, a sentence each
    <!-- end -->
    ![Words](docs/fig1b-p_values.png)    an image with a figure's name: that figure is written there

Everything else is left as it is.
"""

from __future__ import annotations

import re
import sys
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from analysis import command
from analysis.claims.result import ClaimResult
from analysis.drawing.kept import figures
from analysis.drawing.kinds import KINDS
from analysis.figures import ENDINGS, Drawing, drawings
from analysis.load import load
from analysis.phrases import counted
from analysis.stats_text import sections
from analysis.sweep_numbers import Selection, SweepNumbers, sweep_numbers
from analysis.table_files import as_markdown, markdown
from bench.errors import ResultsError
from bench.files import write_atomically

BLOCK = re.compile(r"(?P<open><!-- (?P<wanted>table \S+|claims) -->\n).*?(?P<end>^<!-- end -->$)", re.S | re.M)
OPENING = re.compile(r"^<!-- (table|claims)\b.*$", re.M)
IMAGE = re.compile(r"!\[[^\]]*\]\((?P<path>(?!/|[a-z]+:)[^)\s]+)\.png\)")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns the exit status."""
    made = command.parser("analysis.document", "Tables, claims and figures of a sweep, put into a document.")
    made.add_argument("document", type=Path, metavar="FILE.md", help="with marks as <!-- table NAME --> <!-- end -->")
    return command.run(made, arguments, _update)


def filled(text: str, numbers: SweepNumbers) -> str:
    """The text with its blocks as the results have them. Raises ResultsError for a mark that cannot be followed."""
    tables = {table.name: as_markdown(table) for section in sections(numbers) for table in section.alone}
    found, opened = list(BLOCK.finditer(text)), OPENING.findall(text)
    if len(found) != len(opened):
        raise ResultsError(
            f"wanted each <!-- table NAME --> and <!-- claims --> on a line of its own with an <!-- end --> after it; "
            f"got {counted(len(opened), 'such mark')}, {len(found)} of them with an end"
        )
    return BLOCK.sub(lambda block: f"{block['open']}{_content(block['wanted'], tables, numbers)}{block['end']}", text)


def pictured(text: str, made: Sequence[Drawing]) -> dict[str, Drawing]:
    """The figures that a text shows: the image's path without its ending -> the figure of that name.

    Raises ResultsError for an image that is called as figures are and is none of these: it would go stale unseen.
    """
    by_stem = {drawing.stem: drawing for drawing in made}
    paths = {path: Path(path).name for path in dict.fromkeys(image["path"] for image in IMAGE.finditer(text))}
    endings = tuple(f"-{kind.name}" for kind in KINDS)
    lost = [name for name in paths.values() if name.endswith(endings) and name not in by_stem]
    if lost:
        raise ResultsError(f"no figure {lost[0]!r}; there are {', '.join(by_stem)}")
    return {path: by_stem[name] for path, name in paths.items() if name in by_stem}


def _content(wanted: str, tables: Mapping[str, str], numbers: SweepNumbers) -> str:
    if wanted == "claims":
        return "".join(_sentences(numbers.claims))
    name = wanted.removeprefix("table ")
    if name not in tables:
        raise ResultsError(f"no table {name!r}; there are {', '.join(tables)}")
    return tables[name]


def _sentences(claims: Sequence[ClaimResult]) -> Iterator[str]:
    yield from (f"- **{markdown(each.name)}**: {markdown(each.sentence)}\n" for each in claims)


def _update(results: Path, given: Namespace) -> None:
    path, loaded = given.document, load(results)
    text = path.read_bytes().decode()
    ends = "\r\n" if "\r\n" in text else "\n"
    text = text.replace(ends, "\n")
    numbers = sweep_numbers(loaded, Selection())
    made = filled(text, numbers)
    shown = pictured(text, drawings(loaded, numbers=numbers))
    drawn = {figure.stem: figure.files["png"] for figure in figures(results, list(shown.values()), ENDINGS)}
    for where, drawing in shown.items():
        write_atomically(path.parent / f"{where}.png", drawn[drawing.stem])
    write_atomically(path, made.replace("\n", ends).encode())
    print(f"{path}: {counted(len(BLOCK.findall(text)), 'block')} and {counted(len(shown), 'figure')} from {results}")


if __name__ == "__main__":
    sys.exit(main())
