"""`--set key=value` of the commands: values of a sweep file from the command line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bench.build import Builder
from bench.errors import ConfigError, Problem
from bench.located import Located, join, located
from bench.yaml_tree import parse_yaml


def read_assignments(builder: Builder, assignments: Sequence[str]) -> Iterator[Located]:
    """The values that are assigned, each with its key as path; what is wrong goes to the builder's problems."""
    for text in assignments:
        where = f"--set {text}"
        key, equals, value = text.partition("=")
        if not equals or not all(part.strip() for part in key.split(".")):
            builder.problems.append(Problem(where, "", "wanted key=value, such as protocol.cycles=2"))
            continue
        try:
            yield located(parse_yaml(value, where).plain, where, key.strip())
        except ConfigError as error:
            builder.problems += [Problem(where, join(key.strip(), p.path), p.message) for p in error.problems]
