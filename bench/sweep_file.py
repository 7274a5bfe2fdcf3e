"""Reading a sweep file: everything that is wrong with it, and with `--set`, is reported at once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench.assignments import read_assignments
from bench.build import Builder
from bench.claim_names import Nameable, filled_in, mistakes
from bench.config import Claim, DataFolder, Experiment, Label, Name, NamedStrategy, Settings, Sweep, SweepName
from bench.describe import hints_of, shown, unknown_key
from bench.errors import ConfigError, Problem
from bench.grid import points, read_grid
from bench.include import Includes
from bench.labels import arm_label, without_label
from bench.launching.options import Launch
from bench.located import Located, item, items, merged, nested, overlaid
from bench.own_names import SWEEP
from bench.record import Figure
from bench.strategy import Strategy
from bench.tracked import Tracking
from bench.tuning.section import Tuning
from bench.tuning.space import Tunable, first_point, read_tuning, seeds_of
from bench.yaml_tree import read_yaml

SECTIONS = ("name", "include", "defaults", "experiments", "claims", "tune", "launch", "data", "tracking")
OWN_KEYS = ("title", "figure", "strategies", "grid")


def load_sweep(path: Path, assignments: Sequence[str] = ()) -> Sweep:
    """Read a sweep file and what it includes, with `key=value` assignments on top.

    An assignment to a key of Settings (`protocol.cycles=2`) holds in every experiment, over what the experiment says
    itself but under its grid; any other key is a path of the file (`launch.slots=1`), and null takes a whole section
    out (`claims=null`).
    Raises ConfigError with every problem of the files and the assignments.
    """
    return _Reader().sweep(path, assignments)


def load_untuned(path: Path, assignments: Sequence[str] = ()) -> Sweep:
    """The same for tuning itself, which must not depend on what an earlier one kept: where the file `tune.keep` is
    included, whether it exists or not, the first values of `tune.space` are read instead."""
    return _Reader(untuned=True).sweep(path, assignments)


class _Reader(Builder):
    """Builds a Sweep; every problem is collected on the way."""

    def __init__(self, untuned: bool = False) -> None:
        super().__init__()
        self._untuned = untuned

    def sweep(self, path: Path, assignments: Sequence[str]) -> Sweep:
        tree = read_yaml(path)
        if not isinstance(tree.value, dict):
            raise ConfigError.of(tree.where, "", f"wanted a mapping of {', '.join(SECTIONS)}; got {shown(tree)}")
        tree, overrides = self._overridden(tree, assignments)
        tree = self._with_included(tree, path)
        sections = self._mapping(tree, SECTIONS)
        given = sections.get("defaults", Located({}, tree.where, "defaults"))
        defaults = Located(self._mapping(given, tuple(hints_of(Settings))), given.where, given.path)
        experiments = self._experiments(sections, tree, defaults, overrides)
        empty = Located({}, tree.where)
        claims = self.build(dict[str, Claim], sections.get("claims", empty)) or {}
        sweep = Sweep(
            name=self._name(sections.get("name"), tree, path),
            source=str(path),
            experiments=experiments,
            claims=self._checked_claims(claims, sections, experiments),
            launch=self.build(Launch, sections.get("launch", empty)),
            data=self.build(DataFolder, sections.get("data", empty)),
            tracking=self.build(Tracking, sections.get("tracking", empty)),
            tuning=self._tuning(sections, experiments, defaults, overrides),
        )
        # a mistake in defaults shows in each experiment
        self.problems = sorted(dict.fromkeys(self.problems), key=_line)
        return self.finish(sweep)

    def _name(self, given: Located | None, tree: Located, path: Path) -> str:
        """What the file says that the sweep is called, else its own name without its ending."""
        if given is not None:
            return str(self.build(SweepName, given))
        if not SWEEP.fullmatch(path.stem):
            wanted = f"missing, and the file's own name does not do: wanted a text that matches {SWEEP.pattern}"
            self.report(tree, f"{wanted}; got {json.dumps(path.stem)}. Write name: … into the file", "name")
        return path.stem

    def _overridden(self, tree: Located, assignments: Sequence[str]) -> tuple[Located, Located]:
        """The tree with those assignments in it that are paths of the file, and the settings that go over all."""
        overrides = Located({}, "--set")
        for leaf in read_assignments(self, assignments):
            if leaf.path.partition(".")[0] in hints_of(Settings):
                overrides = overlaid(overrides, nested(leaf.path, leaf))
            elif leaf.path in SECTIONS and leaf.value is None:
                tree = Located({key: value for key, value in items(tree) if key != leaf.path}, tree.where)
            else:
                tree = overlaid(tree, nested(leaf.path, leaf))
        return tree, overrides

    def _with_included(self, tree: Located, path: Path) -> Located:
        keep = item(item(tree, "tune"), "keep").value
        kept = path.parent / keep if isinstance(keep, str) else None
        includes = Includes(kept, first_point(item(item(tree, "tune"), "space")) if self._untuned else None)
        tree = includes.beneath(tree, path)
        self.problems += includes.problems
        return self.finish(tree) if includes.problems else tree  # or all that they bring would be reported as missing

    def _experiments(
        self, sections: dict[str, Located], tree: Located, defaults: Located, overrides: Located
    ) -> tuple[Experiment, ...]:
        found = sections.get("experiments")
        if found is None or not isinstance(found.value, dict) or not found.value:
            self._report_absent(found, tree, "experiments", "a mapping of at least one experiment")
            return ()
        return tuple(self._experiment(name, node, defaults, overrides) for name, node in found.value.items())

    def _experiment(self, name: str, node: Located, defaults: Located, overrides: Located) -> Experiment:
        own = {key: value for key, value in items(node) if key in OWN_KEYS}
        settings = self._settings(node, defaults, overrides)
        self.build(Name, Located(name, node.where, node.path))
        grid = read_grid(self, own.get("grid"))
        found = tuple(points(self, grid, grid, settings))
        if len({(point.settings.protocol.cycles, tuple(point.settings.seed_list)) for point in found}) > 1:
            self.report(own["grid"], "wanted the same seeds and cycles everywhere; write an experiment for each value")
        return Experiment(
            name=name,
            title=self.build(str, own["title"]) if "title" in own else name,
            figure=self.build(Figure, own["figure"]) if "figure" in own else "difference_from_random",
            points=found,
            strategies=tuple(self._strategies(own.get("strategies"), node)),
        )

    def _settings(self, node: Located, defaults: Located, overrides: Located) -> Located:
        """What an experiment says and inherits, before its grid."""
        known = self._mapping(node, (*OWN_KEYS, *hints_of(Settings)))
        given = {key: value for key, value in known.items() if key not in OWN_KEYS}
        return merged(merged(defaults, Located(given, node.where, node.path)), overrides)

    def _tuning(
        self, sections: dict[str, Located], experiments: Sequence[Experiment], defaults: Located, overrides: Located
    ) -> Tuning | None:
        if "tune" not in sections:
            return None
        known = {}
        for experiment in experiments:
            node = item(sections["experiments"], experiment.name)
            settings = self._settings(node, defaults, overrides)
            known[experiment.name] = Tunable(settings, "grid" in dict(items(node)), seeds_of(experiment))
        return read_tuning(self, sections["tune"], known)

    def _strategies(self, listed: Located | None, experiment: Located) -> Iterator[NamedStrategy]:
        if listed is None or not isinstance(listed.value, list) or not listed.value:
            self._report_absent(listed, experiment, "strategies", "a list of at least one strategy")
            return
        seen: dict[str, str] = {}
        for node in listed.value:
            text = arm_label(node)
            if isinstance(node.value, dict) and "label" in node.value:
                self.build(Label, node.value["label"])
            if text in seen and node.name is not None:
                self.report(node, f"wanted each arm once; {text!r} is also {seen[text]}. Give one of them a label")
            seen[text] = node.path
            strategy = self.build(Strategy, without_label(node))
            if strategy is not None:
                yield NamedStrategy(text, strategy)

    def _checked_claims(
        self, claims: Mapping[str, Claim | None], sections: dict[str, Located], experiments: Sequence[Experiment]
    ) -> dict[str, Claim]:
        """The claims with what they leave out filled in; what they name and the file has not is reported."""
        known = {each.name: self._nameable(item(sections["experiments"], each.name), each) for each in experiments}
        checked = {}
        for name, claim in claims.items():
            if claim is None:
                continue
            found = list(mistakes(claim, item(sections["claims"], name), known))
            self.problems += found
            checked[name] = claim if found else filled_in(claim, known)
        return checked

    def _nameable(self, node: Located, experiment: Experiment) -> Nameable:
        grid = read_grid(self, dict(items(node)).get("grid"))
        nodes = _entries(item(node, "strategies"))
        return Nameable(
            groups=tuple(grid.group(chosen) for chosen in grid),
            arms=tuple(arm_label(node) for node in nodes),
            has_random=any(node.name == "random" for node in nodes),
            cycles=experiment.points[0].settings.protocol.cycles if experiment.points else None,
        )

    def _mapping(self, node: Located, known: Sequence[str]) -> dict[str, Located]:
        """The keys of a mapping, those not known reported and left out."""
        if not isinstance(node.value, dict):
            self.report(node, f"wanted a mapping of {', '.join(known)}; got {shown(node)}")
        for key, value in items(node):
            if key not in known:
                self.report(value, unknown_key(key, known))
        return {key: value for key, value in items(node) if key in known}

    def _report_absent(self, found: Located | None, parent: Located, key: str, wanted: str) -> None:
        if found is None:
            self.report(parent, f"missing; wanted {wanted}", key)
        else:
            self.report(found, f"wanted {wanted}; got {shown(found)}")


def _entries(node: Located) -> list[Located]:
    return node.value if isinstance(node.value, list) else []


def _line(problem: Problem) -> tuple[str, int, str]:
    file, _, line = problem.where.rpartition(":")
    return (file, int(line), str(problem)) if line.isdecimal() else (problem.where, 0, str(problem))
