"""`include` of a sweep file: the defaults of other files, beneath its own.

What a file says itself wins over what it includes, key by key, as an experiment wins over the defaults; two files that
are included side by side must agree, since neither is above the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench.describe import shown, unknown_key
from bench.errors import ConfigError, Problem
from bench.located import Located, item, items
from bench.yaml_tree import read_yaml

ALLOWED = ("include", "defaults")


def under(own: Located, included: Located) -> Located:
    """`included` beneath `own`, key by key. Where both name a plugin and not the same one, `own` stands alone; where
    `included` names none, its keys go to the one that `own` names."""
    mine, theirs = _keys(own, included), _keys(included, own)
    if mine is None or theirs is None or _differ(own, included):
        return own
    both = {key: under(mine[key], theirs[key]) for key in mine.keys() & theirs.keys()}
    return Located({**theirs, **mine, **both}, own.where, own.path)


@dataclass
class Includes:
    """Reads what files include, and collects what is wrong with it in `problems`.

    `kept` is the file that tuning makes; where `stand_in` is given, it is read in that file's place.
    """

    kept: Path | None = None
    stand_in: Located | None = None
    problems: list[Problem] = field(default_factory=list)

    def beneath(self, tree: Located, *chain: Path) -> Located:
        """The tree of the last file of `chain`, over the defaults of what it includes; the files before the last one
        are those that include it."""
        sections = dict(items(tree))
        for found in self._all_defaults(item(tree, "include"), chain):
            sections["defaults"] = under(sections["defaults"], found) if "defaults" in sections else found
        return Located(sections, tree.where, tree.path)

    def _all_defaults(self, listed: Located, chain: tuple[Path, ...]) -> Iterator[Located]:
        if listed.value is not None and not isinstance(listed.value, list):
            self._report(listed, f"wanted a list of files; got {shown(listed)}")
            return
        found: list[Located] = []
        for node in listed.value or ():
            defaults = self._defaults(node, chain)
            for other in found:
                self._report_disagreements(other, defaults)
            found.append(defaults)
        yield from found

    def _defaults(self, node: Located, chain: tuple[Path, ...]) -> Located:
        """The defaults of the file that `node` names; an empty mapping where there is something wrong with it."""
        nothing = Located({}, node.where, "defaults")
        if not isinstance(node.value, str) or not node.value:
            self._report(node, f"wanted the name of a file; got {shown(node)}")
            return nothing
        path = chain[-1].parent / node.value
        if self._is_kept(path) and self.stand_in is not None:
            return self.stand_in
        if path.resolve() in [file.resolve() for file in chain]:
            self._report(node, f"wanted no circle; {' includes '.join(map(str, (*chain, path)))}")
            return nothing
        tree = self._read(node, path, chain[0])
        return nothing if tree is None else dict(items(self.beneath(tree, *chain, path))).get("defaults", nothing)

    def _read(self, node: Located, path: Path, sweep: Path) -> Located | None:
        if not path.exists():
            make = f"Run `python -m bench.tune {sweep}`, which writes it" if self._is_kept(path) else "Write it"
            self._report(node, f"wanted the file {path}; there is none. {make}, or take it out of include")
            return None
        try:
            tree = read_yaml(path)
        except ConfigError as error:
            self.problems += error.problems
            return None
        self._check(tree)
        return tree

    def _check(self, tree: Located) -> None:
        if not isinstance(tree.value, dict):
            self._report(tree, f"wanted a mapping of {' and '.join(ALLOWED)}; got {shown(tree)}")
        for key, value in items(tree):
            if key not in ALLOWED:
                self._report(value, unknown_key(key, ALLOWED))

    def _is_kept(self, path: Path) -> bool:
        return self.kept is not None and path.resolve() == self.kept.resolve()

    def _report_disagreements(self, one: Located, other: Located) -> None:
        for first, second in _disagreements(one, other):
            said = f"wanted included files to agree; {first.where} says {shown(first)}, this one {shown(second)}"
            self._report(second, f"{said}. Keep one of them")

    def _report(self, node: Located, message: str) -> None:
        self.problems.append(Problem(node.where, node.path, message))


def _disagreements(one: Located, other: Located) -> Iterator[tuple[Located, Located]]:
    """The places at which two trees say different things."""
    if isinstance(one.value, dict) and isinstance(other.value, dict) and not _differ(one, other):
        for key in one.value.keys() & other.value.keys():
            yield from _disagreements(one.value[key], other.value[key])
    elif one.plain != other.plain:
        yield one, other


def _keys(node: Located, other: Located) -> dict[str, Located] | None:
    """A mapping's keys; a text beside a mapping is the name of a plugin. None of anything else."""
    if isinstance(node.value, dict):
        return node.value
    return {"name": node} if isinstance(node.value, str) and isinstance(other.value, dict) else None


def _differ(one: Located, other: Located) -> bool:
    return one.name is not None and other.name is not None and one.name != other.name
