"""The command: `python -m bench.track push results/digits` mirrors finished cells to Weights & Biases.

`follow` does it while a sweep runs, `workspace` lays out the dashboard. Our own files are the truth: nothing is ever
read back, and what was mirrored can be mirrored again.
"""

from __future__ import annotations

import argparse
import os
import select
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from bench.build import build
from bench.errors import ConfigError, ResultsError
from bench.files import write_atomically
from bench.located import located
from bench.malformed import told_if_malformed
from bench.process import born
from bench.record import read_plan
from bench.tracked import Tracking
from bench.tracking.backlog import Backlog
from bench.tracking.follower import flags
from bench.tracking.memory import folder_of
from bench.tracking.mirror import Mirror, MirrorError, quiet_wandb
from bench.tracking.push import POLL, Busy, Outcome, Wait, alone, follow, push

NICE = 10


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status: 0 when all is mirrored, 1 when something is left, 2 for bad input."""
    options = _parser().parse_args(arguments)
    try:
        with quiet_wandb(), told_if_malformed(options.results):
            return int(options.work(options))
    except (ConfigError, ResultsError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except (MirrorError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("stopped; the same command goes on from there\n")
        return 130


def _push(options: argparse.Namespace) -> int:
    tracking = _tracking(options)
    with alone(options.results, tracking):
        backlog = Backlog(options.results, tracking, options.only, options.again)
        return _report(options.results, tracking, push(backlog, _mirror(options, tracking), _say))


def _follow(options: argparse.Namespace) -> int:
    tracking, wait, told = _tracking(options), _waiting(options.driver), False
    if options.driver is not None:
        os.nice(NICE)
    while True:
        try:
            with alone(options.results, tracking):
                backlog = Backlog(options.results, tracking, options.only)
                return _report(options.results, tracking, follow(backlog, _mirror(options, tracking), _say, wait))
        except Busy as error:  # such as the follower of a driver that was killed, which mirrors what is left
            if not told:
                _say(str(error))
            told = True
            if wait(POLL):
                raise


def _workspace(options: argparse.Namespace) -> int:
    from bench.tracking.workspace import save, view

    plan, tracking = read_plan(options.results), _tracking(options)
    if options.online:
        if tracking.entity is None:
            raise ConfigError.of("command line", "--entity", "wanted the user or team that the workspace is for")
        _say(f"workspace: {save(plan, tracking)}")
        return 0
    file = options.out or folder_of(options.results) / "workspace.json"
    write_atomically(file, view(plan, tracking).encode())
    _say(f"workspace in {file}; --online saves it to the server")
    return 0


def _report(results: Path, tracking: Tracking, outcome: Outcome) -> int:
    where = folder_of(results) / "wandb" if tracking.mode == "offline" else f"project {tracking.project}"
    _say(f"{outcome.sent} runs mirrored to {where}, {outcome.left} are left")
    if outcome.reason:
        again = " ".join(["python -m bench.track push", str(results), *flags(tracking)])
        sys.stderr.write(f"{outcome.reason}\nnothing is lost; `{again}` goes on from there\n")
    return 1 if outcome.left else 0


def _tracking(options: argparse.Namespace) -> Tracking:
    given = {"mode": options.mode, "project": options.project, "entity": options.entity}
    return build(Tracking, located(given, "command line"))


def _mirror(options: argparse.Namespace, tracking: Tracking) -> Mirror:
    return Mirror(options.results, tracking, options.patience)


def _waiting(driver: int | None) -> Wait:
    """How to wait for the end of a driver, whose end of our standard input closes with it; None: there is no end."""
    began = born(driver)

    def wait(seconds: float) -> bool:
        if driver is None:
            time.sleep(seconds)
            return False
        ready, _, _ = select.select([sys.stdin], [], [], seconds)
        return bool(ready) or born(driver) != began

    return wait


def _say(sentence: str) -> None:
    print(sentence, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.track", description="Mirror a sweep to Weights & Biases.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    pushing = _command(commands, "push", "mirror every finished cell that is not mirrored yet")
    pushing.add_argument("--again", action="store_true", help="mirror those that are, too")
    pushing.set_defaults(work=_push)
    following = _command(commands, "follow", "mirror cells as they finish")
    following.add_argument("--driver", type=int, metavar="PID", help="the sweep's process: end with it or with input")
    following.set_defaults(work=_follow)
    for command in (pushing, following):
        command.add_argument("--mode", choices=("offline", "online"), default=Tracking.mode, help="default: offline")
        command.add_argument(
            "--only", nargs="+", action="extend", default=[], metavar="NAME", help="these experiments alone"
        )
        command.add_argument(
            "--patience", type=float, default=30.0, metavar="SECONDS", help="for a server (default 30)"
        )
    showing = _command(commands, "workspace", "lay out the dashboard")
    showing.add_argument("--out", type=Path, metavar="FILE", help="default: tracking/workspace.json in the folder")
    showing.add_argument("--online", action="store_true", help="save it to the server instead")
    showing.set_defaults(work=_workspace, mode="offline")
    return parser


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, told: str
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=told, description=told.capitalize())
    command.add_argument("results", type=Path, help="a results folder, such as results/digits")
    command.add_argument("--project", default=Tracking.project, help=f"default: {Tracking.project}")
    command.add_argument("--entity", help="user or team (default: yours)")
    return command


if __name__ == "__main__":
    sys.exit(main())
