"""`python -m bench.track push --mode online`, against servers of this machine: one that works, and all that do not."""

from __future__ import annotations

import gzip
import http.server
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from mirrored_sweep import CELLS, arm_of, finished_sweep, mark, pushed, runs_of

from bench.record import read_rows
from bench.track import main


@dataclass
class Server:
    """The part of a wandb server that a finished run needs; `refuses` is what it answers with an error, `delays` what
    it does not answer until `over` is set."""

    address: str = ""
    refuses: str | None = None
    delays: str | None = None
    over: threading.Event = field(default_factory=threading.Event)
    sent: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """The rows of every run as they were sent last."""
    views: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, path: str, content: str) -> dict[str, Any]:
        if "file_stream" in path:
            return self._stream(path.split("/")[-2], json.loads(content))
        asked = json.loads(content) if path == "/graphql" else {}
        return {"data": self._data(asked.get("query", ""), asked.get("variables") or {})}

    def _data(self, query: str, given: dict[str, Any]) -> dict[str, Any]:
        if "UpsertBucket" in query:
            project = {"id": "p", "name": given["project"], "entity": {"id": "e", "name": "me"}}
            run = {"id": "r", "name": given["name"], "displayName": given["name"], "project": project}
            return {"upsertBucket": {"bucket": {**run, "historyLineCount": 0}, "inserted": True}}
        if "upsertView" in query:
            self.views.append(given)
            return {"upsertView": {"view": {"id": "v", "name": given["name"]}, "inserted": True}}
        if "viewer" in query:
            return {"viewer": {"id": "u", "username": "me", "entity": "me", "flags": "{}", "teams": {"edges": []}}}
        if "CreateRunFiles" in query:
            files = [{"name": name, "uploadUrl": f"{self.address}/upload/{name}"} for name in given["files"]]
            return {"createRunFiles": {"runID": "r", "uploadHeaders": [], "files": files}}
        return {}

    def _stream(self, run: str, told: dict[str, Any]) -> dict[str, Any]:
        lines = told.get("files", {}).get("wandb-history.jsonl")
        if lines is not None:
            kept = self.sent.get(run, [])[: lines["offset"]]
            self.sent[run] = [*kept, *map(json.loads, lines["content"])]
        return {}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server that works, and that wandb is told to use."""
    stand_in = Server()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            content = gzip.decompress(content) if self.headers.get("Content-Encoding") == "gzip" else content
            if stand_in.refuses is not None and stand_in.refuses in self.path:
                self.send_error(404)
                return
            if stand_in.delays is not None and stand_in.delays in self.path:
                stand_in.over.wait(60)
            answer = json.dumps(stand_in.answer(self.path, content.decode())).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            with suppress(ConnectionError):  # it was given up on
                self.wfile.write(answer)

        do_PUT = do_GET = do_POST  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        stand_in.address = f"http://127.0.0.1:{listening.server_port}"
        use(stand_in.address, monkeypatch)
        yield stand_in
        stand_in.over.set()
        listening.shutdown()


def use(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Send wandb to a server of this machine, with a key that is nobody's."""
    monkeypatch.setenv("WANDB_BASE_URL", address)
    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return finished_sweep(tmp_path)


@pytest.fixture(params=["refuses", "keeps silent", "is broken"])
def dead_server(request: pytest.FixtureRequest, server: Server) -> Iterator[str]:
    """The address of a server that does not answer as it should."""
    if request.param == "refuses":
        yield "http://127.0.0.1:9"
    elif request.param == "keeps silent":
        with socket.create_server(("127.0.0.1", 0)) as listening:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    else:
        server.refuses = "graphql"
        yield server.address


@pytest.mark.slow
def test_every_row_is_sent_and_nothing_but_the_note_stays_here(results: Path, server: Server) -> None:
    assert main(["push", str(results), "--mode", "online"]) == 0
    assert len(server.sent) == CELLS
    for identifier, rows in server.sent.items():
        kept = read_rows(results / "cells" / identifier.removeprefix("mirrored-"))
        assert [row["accuracy"] for row in rows] == [row["result"]["accuracy"] for row in kept]
        assert [row["labels"] for row in rows] == [row["result"]["labelled"] for row in kept]
    assert not list((results / "tracking/wandb").glob("run-*"))
    assert {line["mode"] for line in pushed(results)} == {"online"}


@pytest.mark.slow
def test_more_cycles_go_to_the_same_run(results: Path, server: Server) -> None:
    cell = arm_of(results, "second", "entropy")["cells"]["0"]
    mark(results, cell, 1)
    main(["push", str(results), "--mode", "online", "--only", "second"])
    assert len(server.sent[f"mirrored-{cell}"]) == 2
    mark(results, cell, 3)
    main(["push", str(results), "--mode", "online", "--only", "second"])
    assert len(server.sent[f"mirrored-{cell}"]) == 4
    assert len(server.sent) == 4


@pytest.mark.slow
@pytest.mark.parametrize("refused", ["file_stream", "upload"])
def test_rows_that_a_server_refuses_are_not_taken_for_mirrored(
    results: Path, server: Server, refused: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """wandb itself says that such a run was finished well."""
    server.refuses = refused
    assert main(["push", str(results), "--mode", "online", "--only", "second"]) == 1
    assert "0 runs mirrored to project lookahead-bench, 4 are left" in capsys.readouterr().out
    assert not (results / "tracking/pushed.jsonl").exists()
    server.refuses = None
    assert main(["push", str(results), "--mode", "online", "--only", "second"]) == 0
    assert len(server.sent) == 4


@pytest.mark.slow
def test_rows_that_a_server_does_not_confirm_are_not_taken_for_mirrored(results: Path, server: Server) -> None:
    server.delays = "file_stream"
    began = time.monotonic()
    assert main(["push", str(results), "--mode", "online", "--only", "second", "--patience", "3"]) == 1
    assert time.monotonic() - began < 30
    assert not (results / "tracking/pushed.jsonl").exists()


@pytest.mark.slow
def test_what_is_offline_can_be_pushed_online_later(results: Path, server: Server) -> None:
    assert main(["push", str(results), "--only", "second"]) == 0
    assert main(["push", str(results), "--only", "second", "--mode", "online"]) == 0
    assert server.sent.keys() == runs_of(results).keys()


@pytest.mark.slow
def test_a_server_that_does_not_answer_is_given_up_on_and_nothing_is_lost(
    results: Path, dead_server: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use(dead_server, monkeypatch)
    began = time.monotonic()
    assert main(["push", str(results), "--mode", "online", "--patience", "3"]) == 1
    assert time.monotonic() - began < 30
    said = capsys.readouterr()
    assert f"0 runs mirrored to project lookahead-bench, {CELLS} are left" in said.out
    assert "nothing is lost; `python -m bench.track push" in said.err
    assert "--mode online` goes on from there" in said.err
    assert not list((results / "tracking/wandb").glob("run-*"))
    assert main(["push", str(results)]) == 0
    assert len(runs_of(results)) == CELLS


@pytest.mark.slow
def test_the_workspace_is_saved_as_it_is_written_into_a_file(
    results: Path, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["workspace", str(results), "--online", "--entity", "me"]) == 0
    assert f"workspace: {server.address}/me/lookahead-bench?nw=" in capsys.readouterr().out
    main(["workspace", str(results), "--entity", "me"])
    kept = json.loads((results / "tracking/workspace.json").read_text())["spec"]
    (sent,) = (json.loads(view["spec"]) for view in server.views)
    for spec in (kept, sent):
        for section in spec["section"]["panelBankConfig"]["sections"]:
            for panel in section["panels"]:
                del panel["__id__"]
    assert sent == kept


@pytest.mark.slow
def test_a_workspace_that_a_server_refuses_is_one_message(
    results: Path, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    server.refuses = "graphql"
    assert main(["workspace", str(results), "--online", "--entity", "me"]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
