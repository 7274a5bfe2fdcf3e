"""Reading a sweep file: everything that is wrong with it, and with `--set`, is reported at once."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from bench.build import Builder
from bench.claim_names import Nameable, filled_in, mistakes
from bench.config import Claim, DataFolder, Experiment, Label, Launch, Name, NamedStrategy, Point, Settings, Sweep
from bench.data import datasets
from bench.describe import hints_of, shown, unknown_key
from bench.errors import ConfigError, Problem
from bench.labels import arm_label, without_label, written
from bench.located import Located, item, items, join, located, merged, nested, overlaid
from bench.record import Figure
from bench.strategy import Strategy
from bench.yaml_tree import parse_yaml, read_yaml

SECTIONS = ("name", "defaults", "experiments", "claims", "launch", "data")
REGIMES = ("low", "medium", "high")
OWN_KEYS = ("title", "figure", "strategies", "grid")


def load_sweep(path: Path, assignments: Sequence[str] = ()) -> Sweep:
    """Read a sweep file, with `key=value` assignments on top.

    An assignment to a key of Settings (`protocol.cycles=2`) holds in every experiment, over what the experiment says
    itself but under its grid; any other key is a path of the file (`launch.slots=1`), and null takes a whole section
    out (`claims=null`).
    Raises ConfigError with every problem of the file and the assignments.
    """
    return _Reader().sweep(path, assignments)


class _Reader(Builder):
    """Builds a Sweep; every problem is collected on the way."""

    def sweep(self, path: Path, assignments: Sequence[str]) -> Sweep:
        tree, overrides = read_yaml(path), Located({}, "--set")
        if not isinstance(tree.value, dict):
            raise ConfigError.of(tree.where, "", f"wanted a mapping of {', '.join(SECTIONS)}; got {shown(tree)}")
        for leaf in self._assigned(assignments):
            if leaf.path.partition(".")[0] in hints_of(Settings):
                overrides = overlaid(overrides, nested(leaf.path, leaf))
            elif leaf.path in SECTIONS and leaf.value is None:
                tree = Located({key: value for key, value in items(tree) if key != leaf.path}, tree.where)
            else:
                tree = overlaid(tree, nested(leaf.path, leaf))
        sections = self._mapping(tree, SECTIONS)
        given = sections.get("defaults", Located({}, tree.where, "defaults"))
        defaults = Located(self._mapping(given, tuple(hints_of(Settings))), given.where, given.path)
        experiments = self._experiments(sections, tree, defaults, overrides)
        empty = Located({}, tree.where)
        claims = self.build(dict[str, Claim], sections.get("claims", empty)) or {}
        sweep = Sweep(
            name=self.build(Name, sections["name"]) if "name" in sections else path.stem,
            source=str(path),
            experiments=experiments,
            claims=self._checked_claims(claims, sections),
            launch=self.build(Launch, sections.get("launch", empty)),
            data=self.build(DataFolder, sections.get("data", empty)),
        )
        # a mistake in defaults shows in each experiment
        self.problems = sorted(dict.fromkeys(self.problems), key=_line)
        return self.finish(sweep)

    def _experiments(
        self, sections: dict[str, Located], tree: Located, defaults: Located, overrides: Located
    ) -> tuple[Experiment, ...]:
        found = sections.get("experiments")
        if found is None or not isinstance(found.value, dict) or not found.value:
            self._report_absent(found, tree, "experiments", "a mapping of at least one experiment")
            return ()
        return tuple(self._experiment(name, node, defaults, overrides) for name, node in found.value.items())

    def _experiment(self, name: str, node: Located, defaults: Located, overrides: Located) -> Experiment:
        known = (*OWN_KEYS, *hints_of(Settings))
        given = self._mapping(node, known)
        own = {key: given.pop(key) for key in OWN_KEYS if key in given}
        settings = merged(merged(defaults, Located(given, node.where, node.path)), overrides)
        self.build(Name, Located(name, node.where, node.path))
        points = tuple(self._points(own.get("grid"), settings))
        if len({(point.settings.protocol.cycles, tuple(point.settings.seed_list)) for point in points}) > 1:
            self.report(own["grid"], "wanted the same seeds and cycles everywhere; write an experiment for each value")
        return Experiment(
            name=name,
            title=self.build(str, own["title"]) if "title" in own else name,
            figure=self.build(Figure, own["figure"]) if "figure" in own else "difference_from_random",
            points=points,
            strategies=tuple(self._strategies(own.get("strategies"), node)),
        )

    def _points(self, grid: Located | None, settings: Located) -> Iterator[Point]:
        for chosen in itertools.product(*self._axes(grid)):
            here = settings
            for dotted, value in chosen:
                here = merged(here, nested(dotted, value))
            known = {key: value for key, value in items(self._in_numbers(here)) if key in hints_of(Settings)}
            built = self.build(Settings, Located(known, here.where, here.path))
            if built is not None:
                yield Point(_group(chosen, grid), built)

    def _in_numbers(self, settings: Located) -> Located:
        """The settings with low, medium and high as the dataset's numbers of labels."""
        dataset = item(settings, "dataset").name
        known = datasets.find(dataset).cls.regimes if dataset in datasets.names() else {}
        for key in ("initial", "budget"):
            given = item(item(settings, "protocol"), key)
            if isinstance(given.value, str) and given.value in known:
                number = Located(known[given.value], given.where, given.path)
                settings = merged(settings, nested(f"protocol.{key}", number))
            elif given.value in REGIMES:
                self.report(given, f"the dataset {dataset} does not say what {given.value} is; write a number")
        return settings

    def _axes(self, grid: Located | None) -> list[list[tuple[str, Located]]]:
        if grid is None:
            return []
        axes = []
        for dotted, values in self._mapping(grid, None).items():
            if dotted.partition(".")[0] not in hints_of(Settings):
                self.report(values, unknown_key(dotted, hints_of(Settings)))
            elif not isinstance(values.value, list) or not values.value:
                self.report(values, f"wanted a list of values; got {shown(values)}")
            elif len({written(value) for value in values.value}) < len(values.value):
                self.report(values, f"wanted each value once; got {shown(values)}")
            else:
                axes.append([(dotted, value) for value in values.value])
        return axes

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

    def _checked_claims(self, claims: Mapping[str, Claim | None], sections: dict[str, Located]) -> dict[str, Claim]:
        """The claims with what they leave out filled in; what they name and the file has not is reported."""
        known = {name: self._nameable(node) for name, node in items(sections.get("experiments"))}
        checked = {}
        for name, claim in claims.items():
            if claim is None:
                continue
            found = list(mistakes(claim, item(sections["claims"], name), known))
            self.problems += found
            checked[name] = claim if found else filled_in(claim, known)
        return checked

    def _nameable(self, experiment: Located) -> Nameable:
        grid, nodes = dict(items(experiment)).get("grid"), _entries(item(experiment, "strategies"))
        return Nameable(
            groups=tuple(_group(chosen, grid) for chosen in itertools.product(*self._axes(grid))),
            arms=tuple(arm_label(node) for node in nodes),
            has_random=any(node.name == "random" for node in nodes),
        )

    def _mapping(self, node: Located, known: Sequence[str] | None) -> dict[str, Located]:
        """The keys of a mapping, those not known reported and left out."""
        if not isinstance(node.value, dict):
            keys = ", ".join(known or ["dotted keys, each with a list of values"])
            self.report(node, f"wanted a mapping of {keys}; got {shown(node)}")
            return {}
        if known is not None:
            self._refuse_unknown(node, known)
        return {key: value for key, value in node.value.items() if known is None or key in known}

    def _assigned(self, assignments: Sequence[str]) -> Iterator[Located]:
        """The values of `--set`, each with its key as path."""
        for text in assignments:
            where = f"--set {text}"
            key, equals, value = text.partition("=")
            if not equals or not all(part.strip() for part in key.split(".")):
                self.problems.append(Problem(where, "", "wanted key=value, such as protocol.cycles=2"))
                continue
            try:
                yield located(parse_yaml(value, where).plain, where, key.strip())
            except ConfigError as error:
                self.problems += [Problem(where, join(key.strip(), p.path), p.message) for p in error.problems]

    def _report_absent(self, found: Located | None, parent: Located, key: str, wanted: str) -> None:
        if found is None:
            self.report(parent, f"missing; wanted {wanted}", key)
        else:
            self.report(found, f"wanted {wanted}; got {shown(found)}")

    def _refuse_unknown(self, node: Located, known: Iterable[str]) -> None:
        for key, value in items(node):
            if key not in known:
                self.report(value, unknown_key(key, known))


def _entries(node: Located) -> list[Located]:
    return node.value if isinstance(node.value, list) else []


def _line(problem: Problem) -> tuple[str, int, str]:
    file, _, line = problem.where.rpartition(":")
    return (file, int(line), str(problem)) if line.isdecimal() else (problem.where, 0, str(problem))


def _group(chosen: Iterable[tuple[str, Located]], grid: Located | None) -> str:
    """What one point of a grid is called."""
    return ", ".join(f"{_short(dotted, grid)}={written(value)}" for dotted, value in chosen)


def _short(dotted: str, grid: Located | None) -> str:
    """The last part of a grid's key where that is enough to tell it from the others."""
    last = dotted.rpartition(".")[2]
    keys = [key for key, _ in items(grid)]
    return last if [key.rpartition(".")[2] for key in keys].count(last) == 1 else dotted
