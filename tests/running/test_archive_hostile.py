"""A stranger's archive: what is not exactly as pack writes it is refused as a whole, and changes nothing."""

from __future__ import annotations

import hashlib
import io
import json
import lzma
import resource
import subprocess
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from archive_cases import (
    Members,
    cells_of,
    changed,
    file,
    members,
    replaced,
    run_sweep,
    tree,
    with_manifest,
    write_archive,
)

from bench.archive import main
from bench.archiving.contents import MANIFEST
from bench.data import Data
from bench.record import read_rows
from bench.replicates import replicate_hash

Change = Callable[[Members], Members]
ROWS = "/rows.jsonl"


@pytest.fixture(scope="module")
def good(digits: Data, tmp_path_factory: pytest.TempPathFactory) -> Members:
    """What is in an archive that is as it should be."""
    results = run_sweep(tmp_path_factory.mktemp("one") / "tiny", digits)
    archive = results.parent / "tiny.tar.xz"
    assert main(["pack", str(results), "--arrays", "--out", str(archive)]) == 0
    return members(archive)


def refusal_of(archive: Path, root: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Why an archive is refused; it must be, and must change nothing, in an empty place and in one with results."""
    capsys.readouterr()
    before = tree(root)
    assert main(["import", str(archive), "--results", str(root / "results")]) == 2
    assert tree(root) == before
    assert not (root / "results").exists()
    kept = root / "kept" / "tiny" / "cells" / "0" / "rows.jsonl"
    kept.parent.mkdir(parents=True)
    kept.write_text("here before")
    assert main(["import", str(archive), "--results", str(root / "kept")]) == 2
    assert tree(root / "kept") == {"tiny/cells/0/rows.jsonl": b"here before"}
    told = capsys.readouterr().err
    assert str(archive) in told
    assert "wanted" in told
    return told


def test_the_archive_that_these_tests_change_is_taken_in(good: Members, tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "good.tar.xz", with_manifest(good))
    assert main(["import", str(archive), "--results", str(tmp_path)]) == 0
    assert len(cells_of(tmp_path / "tiny")) == 6


def first_name(content: Members, ending: str) -> str:
    return next(info.name for info, _ in content if info.name.endswith(ending))


def added(name: str, told: bool) -> Change:
    """One more file; in the manifest, or not."""

    def change(content: Members) -> Members:
        return with_manifest([*content, file(name, b"{}")]) if told else [*content, file(name, b"{}")]

    return change


NAMES = [
    "../evil.json",
    "cells/../../evil.json",
    "/tmp/evil.json",
    "cells/0123456789abcdef/../../../evil.json",
    "cells/0123456789abcdef/weights/001.pt",
    "cells/0123456789abcdef/lease.0",
    "cells/0123456789abcdef/arrays/../../../x.npz",
    "cells/0123456789abcdef/arrays/001.npz/x",
    "cells/0123456789ABCDEF/rows.jsonl",
    "cells/0123456789abcde/rows.jsonl",
    "cells/0123456789abcdef/replicates/x/rows.jsonl",
    "cells/0123456789abcdef/rows.jsonl\n",
    "cells\\0123456789abcdef\\rows.jsonl",
    "launches/x/queue.json",
    "C:evil.json",
    "",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("told", [True, False])
def test_a_name_that_does_not_belong_is_refused(
    good: Members, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, told: bool
) -> None:
    archive = write_archive(tmp_path / "bad.tar.xz", added(name, told)(good))
    assert ("wanted names such as" if told else "more came") in refusal_of(archive, tmp_path, capsys)


KINDS = [
    tarfile.SYMTYPE,
    tarfile.LNKTYPE,
    tarfile.CHRTYPE,
    tarfile.BLKTYPE,
    tarfile.FIFOTYPE,
    tarfile.DIRTYPE,
    tarfile.CONTTYPE,
    tarfile.AREGTYPE,
    tarfile.GNUTYPE_SPARSE,
    b"Z",
]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_regular_file_is_refused(
    good: Members, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: bytes
) -> None:
    content = []
    for info, data in good:
        if info.name == first_name(good, ROWS):
            info, _ = file(info.name, b"")
            info.type, info.linkname, data = kind, "/etc/passwd", b""
        content.append((info, data))
    told = json.loads(content[0][1])
    told["files"][first_name(good, ROWS)] = {"bytes": 0, "sha256": hashlib.sha256(b"").hexdigest()}
    content[0] = file(MANIFEST, json.dumps(told).encode())
    archive = write_archive(tmp_path / "bad.tar.xz", content)
    assert "regular file" in refusal_of(archive, tmp_path, capsys)


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_headers_that_change_the_next_name_are_refused(
    good: Members, tmp_path: Path, capsys: pytest.CaptureFixture[str], form: int
) -> None:
    archive = tmp_path / "bad.tar.xz"
    long = f"{'x' * 120}/rows.jsonl"
    with lzma.open(archive, "wb", preset=0) as packed, tarfile.open(fileobj=packed, mode="w|", format=form) as tar:
        for info, data in [*good[:3], file(long, b"{}"), *good[3:]]:
            tar.addfile(info, io.BytesIO(data))
    refusal_of(archive, tmp_path, capsys)


def in_cell(name: str, old: bytes, new: bytes) -> Change:
    return lambda content: changed(content, name, replaced(old, new))


def with_cell(identifier: str) -> Change:
    """A plan that calls its first cell so."""

    def change(plan: bytes) -> bytes:
        told = json.loads(plan)
        told["experiments"]["first"]["arms"][0]["cells"]["0"] = identifier
        return json.dumps(told).encode()

    return lambda content: changed(content, "plan.json", change)


def without(ending: str) -> Change:
    def change(content: Members) -> Members:
        name = first_name(content, ending)
        return with_manifest([(info, data) for info, data in content if info.name != name])

    return change


def deep(content: bytes) -> bytes:
    return b'{"a":' + b"[" * 900 + b"]" * 900 + b"," + content[1:]


def untrue(key: str, value: object) -> Change:
    """A manifest that says something else of the first rows."""

    def change(content: Members) -> Members:
        told = json.loads(content[0][1])
        told["files"][first_name(content, ROWS)][key] = value
        return [file(MANIFEST, json.dumps(told).encode()), *content[1:]]

    return change


def manifest_says(**keys: object) -> Change:
    def change(content: Members) -> Members:
        told = json.loads(content[0][1]) | keys
        return [file(MANIFEST, json.dumps(told).encode()), *content[1:]]

    return change


def twice(content: Members) -> Members:
    return [*content, content[-1]]


def shuffled(content: Members) -> Members:
    return [content[0], *reversed(content[1:])]


def manifest_last(content: Members) -> Members:
    return [*content[1:], content[0]]


def emptied(content: Members) -> Members:
    return changed(content, "/cell.json", lambda data: b"{}")


CHANGES: dict[str, tuple[Change, str]] = {
    "a file less than the manifest names": (lambda c: c[:-1], "wanted"),
    "a file twice": (twice, "more came"),
    "another order": (shuffled, "next"),
    "the manifest at the end": (manifest_last, "MANIFEST.json next"),
    "another hash": (untrue("sha256", "0" * 64), "hash"),
    "another size": (untrue("bytes", 3), "bytes"),
    "a negative size": (untrue("bytes", -1), "bytes"),
    "a size beyond all bounds": (untrue("bytes", 2**60), "at most"),
    "a manifest of another program": (manifest_says(what="something"), "lookahead-bench results"),
    "a manifest of a later version": (manifest_says(schema=2), "schema 1"),
    "a name that climbs": (manifest_says(name="../up"), "sweep's name"),
    "a name that is hidden": (manifest_says(name=".hidden"), "sweep's name"),
    "a name of two folders": (manifest_says(name="a/b"), "sweep's name"),
    "no files": (manifest_says(files=[]), "manifest"),
    "no plan": (without("plan.json"), "plan.json"),
    "no cell.json": (without("/cell.json"), "cell.json"),
    "no rows": (without("/rows.jsonl"), "rows.jsonl"),
    "no attempts": (without("/attempts.jsonl"), "attempts.jsonl"),
    "a plan that is no JSON": (lambda c: changed(c, "plan.json", lambda d: d[:-9]), "JSON"),
    "a plan of a later version": (in_cell("plan.json", b'"schema": 1', b'"schema": 2'), "schema"),
    "a plan without experiments": (in_cell("plan.json", b'"experiments"', b'"experiment"'), "experiments"),
    "a plan that talks to the terminal": (in_cell("plan.json", b"The first", b"\\u001b[2J"), "control"),
    "a plan whose cell climbs": (with_cell("../../../etc"), "names of a sweep and of its cells"),
    "a plan whose name climbs": (in_cell("plan.json", b'"name": "tiny"', b'"name": "../up"'), "names of a sweep"),
    "a plan nested without end": (lambda c: changed(c, "plan.json", deep), "recursion"),
    "a configuration nested without end": (lambda c: changed(c, "/cell.json", deep), "nested"),
    "a configuration that is a list": (lambda c: changed(c, "/cell.json", lambda d: b"[]"), "JSON object"),
    "a configuration with another id": (in_cell("/cell.json", b'"seed": ', b'"seed": 9'), "has this id"),
    "rows of a later version": (in_cell(ROWS, b'"schema": 1', b'"schema": 2'), "schema 1"),
    "a cycle that is missing": (in_cell(ROWS, b'"cycle": 1', b'"cycle": 2'), "cycle 1"),
    "half a row": (lambda c: changed(c, ROWS, lambda d: d[:-30]), "cut off"),
    "a column less": (in_cell(ROWS, b'"brier"', b'"briar"'), "brier"),
    "a text for a number": (in_cell(ROWS, b'"peak_mib": ', b'"peak_mib": "x", "peak": '), "peak_mib"),
    "a number that is none": (in_cell(ROWS, b'"brier": ', b'"brier": NaN, "x": '), "finite"),
    "a number beyond floats": (in_cell(ROWS, b'"brier": ', b'"brier": 1e999, "x": '), "finite"),
    "an id below zero": (in_cell(ROWS, b'"queried": [', b'"queried": [-1, '), "ids"),
    "an id beyond the table": (in_cell(ROWS, b'"queried": [', b'"queried": [3000000000, '), "ids"),
    "a marker beyond the rows": (in_cell("/done.json", b'"cycle": 3', b'"cycle": 4'), "below 4"),
    "a marker that is no number": (in_cell("/done.json", b'"cycle": 3', b'"cycle": true'), "below 4"),
    "an attempt that has not ended": (in_cell("/attempts.jsonl", b'"status": "done"', b'"status": null'), "ended"),
    "an attempt without a place": (in_cell("/attempts.jsonl", b'"environment"', b'"env"'), "environment"),
    "an attempt that talks to the terminal": (in_cell("/attempts.jsonl", b'"first"', b'"\\u009b2J"'), "control"),
    "arrays that no row names": (lambda c: with_manifest([*c, file(orphan(c), b"")]), "each file"),
    "arrays that a row names and are not there": (without("/arrays/002.npz"), "each file"),
    "other arrays than the row names": (lambda c: changed(c, "/arrays/002.npz", lambda d: d + b"x"), "with its hash"),
}


def orphan(content: Members) -> str:
    return first_name(content, "/arrays/003.npz").replace("003", "004")


@pytest.mark.parametrize("name", CHANGES)
def test_it_is_refused_with(good: Members, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    change, said = CHANGES[name]
    archive = write_archive(tmp_path / "bad.tar.xz", change(good))
    assert said in refusal_of(archive, tmp_path, capsys)


def test_rows_of_another_cell_are_refused(good: Members, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cells = sorted({info.name.split("/")[1] for info, _ in good if info.name.startswith("cells/")})
    moved = {info.name: data for info, data in good}
    here, there = (f"cells/{cell}/rows.jsonl" for cell in cells[:2])
    content = with_manifest([(i, d) if i.name != here else file(here, moved[there]) for i, d in good])
    assert f"cell {cells[0]}" in refusal_of(write_archive(tmp_path / "bad.tar.xz", content), tmp_path, capsys)


def npz(**arrays: np.ndarray) -> bytes:
    packed = io.BytesIO()
    np.savez_compressed(packed, **arrays)  # type: ignore[arg-type]
    return packed.getvalue()


def zipped(name: str, content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return packed.getvalue()


def npy(array: np.ndarray) -> bytes:
    saved = io.BytesIO()
    np.save(saved, array, allow_pickle=True)
    return saved.getvalue()


class Harm:
    """What a pickle could do."""

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return open, ("/tmp/never",)


OBJECTS = np.array([Harm()], dtype=object)
ARRAYS = {
    "pickled objects": npz(predicted=OBJECTS),
    "pickled objects of the size of numbers": zipped("predicted.npy", npy(OBJECTS)[:128] + b"\x80\x04N......"[:8]),
    "a pickle in the place of an array": zipped("predicted.npy", b"\x80\x04K\x01."),
    "records of several fields": npz(predicted=np.zeros(2, dtype=[("a", "i4")])),
    "an array that does not belong": npz(evil=np.zeros(2)),
    "a path in the place of a name": zipped("../predicted.npy", npy(np.zeros(2))),
    "texts": npz(predicted=np.array(["a"])),
    "a header that says more than there is": zipped("predicted.npy", npy(np.zeros(9))[:-8]),
    "a header that says less than there is": zipped("predicted.npy", npy(np.zeros(9)) + b"x"),
    "a size below zero": zipped("predicted.npy", npy(np.zeros(9)).replace(b"(9,), ", b"(-9,),")),
    "a header that is code": zipped("predicted.npy", npy(np.zeros(9)).replace(b"(9,)", b"f(9)")),
    "no zip file": b"PK, almost",
    "nothing": b"",
}


def with_arrays(content: Members, arrays: bytes) -> Members:
    """The same with other arrays for a cycle, which its row vouches for."""
    name = first_name(content, "/arrays/002.npz")
    old = hashlib.sha256(next(data for info, data in content if info.name == name)).hexdigest()
    rows = name.replace("arrays/002.npz", "rows.jsonl")
    digest = hashlib.sha256(arrays).hexdigest()
    vouched = changed(content, rows, replaced(old.encode(), digest.encode()))
    return changed(vouched, name, lambda _: arrays)


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_are_refused_that_hold(
    good: Members, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    archive = write_archive(tmp_path / "bad.tar.xz", with_arrays(good, ARRAYS[name]))
    refusal_of(archive, tmp_path, capsys)


def test_arrays_of_numbers_are_taken_in(good: Members, tmp_path: Path) -> None:
    arrays = npz(predicted=np.zeros(3, np.uint8), candidates=np.zeros(2, np.int64), scores=np.zeros((2, 2), np.float32))
    archive = write_archive(tmp_path / "other.tar.xz", with_arrays(good, arrays))
    assert main(["import", str(archive), "--results", str(tmp_path)]) == 0


@pytest.mark.parametrize("odd", ["another hash", "files of its own", "nothing odd"])
def test_a_replicate_is_refused_with(
    good: Members, tmp_path: Path, capsys: pytest.CaptureFixture[str], odd: str
) -> None:
    cell = first_name(good, ROWS).split("/")[1]
    text = next(data for info, data in good if info.name == f"cells/{cell}/rows.jsonl")
    rows = [json.loads(line) for line in text.splitlines()]
    rows[1]["result"]["brier"] = 0.5
    named = [row if odd == "files of its own" else {**row, "files": {}} for row in rows]
    place = f"cells/{cell}/replicates/{'0' * 16 if odd == 'another hash' else replicate_hash(rows)}"
    lines = "".join(json.dumps(row) + "\n" for row in named).encode()
    content = with_manifest([*good, file(f"{place}/rows.jsonl", lines), file(f"{place}/attempts.jsonl", b"")])
    archive = write_archive(tmp_path / "bad.tar.xz", content)
    if odd == "nothing odd":
        assert main(["import", str(archive), "--results", str(tmp_path)]) == 0
    else:
        assert "rows of this hash" in refusal_of(archive, tmp_path, capsys)


def test_a_replicate_of_another_cell_is_refused(
    good: Members, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import", str(write_archive(tmp_path / "a.tar.xz", good)), "--results", str(tmp_path / "x")]) == 0
    one, other = cells_of(tmp_path / "x" / "tiny")[:2]
    rows = read_rows(other)
    place = f"cells/{one.name}/replicates/{replicate_hash(rows)}"
    text = "".join(json.dumps({**row, "files": {}}) + "\n" for row in rows).encode()
    content = with_manifest([*good, file(f"{place}/rows.jsonl", text), file(f"{place}/attempts.jsonl", b"")])
    archive = write_archive(tmp_path / "bad.tar.xz", content)
    assert f"cell {one.name}" in refusal_of(archive, tmp_path / "y", capsys)


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def flipped(content: bytes) -> bytes:
    at = len(content) // 2
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def of_endless_memory(content: bytes) -> bytes:
    """An xz file that says that it needs four gigabytes to unpack: the size of the dictionary in its block header."""
    end = 12 + 4 * (content[12] + 1)
    header = content[12:16] + bytes([40]) + content[17 : end - 4]
    return content[:12] + header + zlib.crc32(header).to_bytes(4, "little") + content[end:]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "cut off": cut,
    "without its last bytes": lambda content: content[:-4],
    "one bit changed": flipped,
    "empty": lambda content: b"",
    "no archive": lambda content: b"rows" * 100,
    "something after its end": lambda content: content + b"more",
    "another archive after its end": lambda content: content + content,
    "more memory than any machine has": of_endless_memory,
    "a tar that is not packed": lzma.decompress,
    "packed by gzip": lambda content: zlib.compress(lzma.decompress(content), wbits=31),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_file_is_refused_that_is(
    good: Members, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    archive = write_archive(tmp_path / "bad.tar.xz", good)
    archive.write_bytes(DAMAGES[name](archive.read_bytes()))
    refusal_of(archive, tmp_path, capsys)


@pytest.mark.slow
def test_a_bomb_is_refused_in_little_memory(good: Members, tmp_path: Path) -> None:
    """Rows of 600 MB of zeros, each file within its bounds, told truly, in a file of some kilobytes."""
    zeros = bytes(200 * 2**20)
    places = [f"cells/{number:016x}/rows.jsonl" for number in range(3)]
    true = [each for each in good if each[0].name in (MANIFEST, "plan.json")]
    archive = write_archive(tmp_path / "bomb.tar.xz", with_manifest([*true, *(file(p, zeros) for p in places)]))
    assert archive.stat().st_size < 200_000
    code = "import sys; from bench.archive import main; sys.exit(main(sys.argv[1:]))"
    told = subprocess.run(
        [sys.executable, "-c", code, "import", str(archive), "--results", str(tmp_path / "results")],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30)),
    )
    assert told.returncode == 2, told.stderr
    assert "in proportion" in told.stderr
    assert not (tmp_path / "results").exists()


def test_one_bad_archive_of_two_keeps_both_out(good: Members, tmp_path: Path) -> None:
    fine = write_archive(tmp_path / "good.tar.xz", good)
    bad = write_archive(tmp_path / "bad.tar.xz", CHANGES["a column less"][0](good))
    assert main(["import", str(fine), str(bad), "--results", str(tmp_path / "results")]) == 2
    assert not (tmp_path / "results").exists()


def test_an_unknown_plugin_is_taken_in_with_a_warning(
    good: Members, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    strange = changed(good, "/cell.json", replaced(b'"name": "digits"', b'"name": "letters"'))
    assert main(["import", str(write_archive(tmp_path / "x.tar.xz", strange)), "--results", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "warning: 1 cells could not be verified" in told
    assert "no dataset named 'letters'" in told


def test_another_revision_is_taken_in_with_a_warning(
    good: Members, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cell = next(i for i, (info, _) in enumerate(good) if info.name.endswith("/cell.json"))
    record = json.loads(good[cell][1])
    record["strategy"]["revision"], record["seed"] = 7, 77
    other = with_manifest([*good[:cell], file(good[cell][0].name, json.dumps(record).encode()), *good[cell + 1 :]])
    assert main(["import", str(write_archive(tmp_path / "x.tar.xz", other)), "--results", str(tmp_path)]) == 0
    assert "strategy.revision was 7 and is 1 here" in capsys.readouterr().out
