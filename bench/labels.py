"""What arms and grid points are called where the sweep file gives no label: what was written there."""

from __future__ import annotations

import json

from bench.located import Located, item, items


def without_label(node: Located) -> Located:
    if not isinstance(node.value, dict):
        return node
    return Located({key: value for key, value in node.value.items() if key != "label"}, node.where, node.path)


def arm_label(node: Located) -> str:
    """What an arm is called: its label, else its strategy with the parameters that were written."""
    given = item(node, "label").plain
    return given if isinstance(given, str) else _label(without_label(node))


def _label(node: Located) -> str:
    parameters = ", ".join(f"{key}={written(value)}" for key, value in items(node) if key != "name")
    return f"{node.name}({parameters})" if parameters else str(node.name)


def written(node: Located) -> str:
    """A value in a label: a plugin by its name and parameters, anything else as it was written."""
    if isinstance(node.value, dict):
        pairs = (f"{key}: {written(value)}" for key, value in node.value.items())
        return _label(node) if node.name is not None else f"{{{', '.join(pairs)}}}"
    if isinstance(node.value, list):
        return f"[{', '.join(written(item) for item in node.value)}]"
    return node.value if isinstance(node.value, str) else json.dumps(node.value)
