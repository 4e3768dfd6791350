"""Bridges from a folder: each file once, in order, whatever happens to it meanwhile."""

import gzip
import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from typing import Any

import pytest

from apps.bridges.connection_kind import Report
from apps.core.typed_settings import SettingsError, read
from apps.inbound.bridge_kind import To, kinds
from apps.inbound.files.folder import FolderSettings
from apps.inbound.received import Failure, Lag
from tests.inbound.bridge_kinds.files import FileBridge

KIND = kinds["folder"]
OLD = time.time() - 3_600


@pytest.fixture
def root(tmp_path: Path, settings: Any) -> Path:
    """A folder that operators allow."""
    settings.INBOUND_FOLDERS = [str(tmp_path / "in")]
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


@pytest.fixture
def bridge(root: Path) -> Iterator[FileBridge]:
    found = FileBridge("folder", None, folder=str(root), pattern="**/*")
    yield found
    found.close()


def write(path: Path, *lines: str, at: float = OLD) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines))
    os.utime(path, (at, at))
    return path


def test_files_are_read_in_the_order_of_their_paths_each_once(root: Path, bridge: FileBridge) -> None:
    write(root / "b.jsonl", '{"n": 3}', "", '{"n": 4}')
    write(root / "a" / "z.jsonl", '{"n": 1}', '{"n": 2}')

    found = bridge.all()

    assert [json.loads(each.body)["n"] for each in found] == [1, 2, 3, 4]
    last = found[-1]
    assert last.about == {
        "path": str(root / "b.jsonl"),
        "file": "b.jsonl",
        "line": 3,
        "size": 19,
        "modified": datetime.fromtimestamp(OLD, UTC).isoformat(),
    }
    assert last.at == datetime.fromtimestamp(OLD, UTC)
    assert len({each.key for each in found}) == 4
    assert bridge.all() == []


@pytest.mark.parametrize("form", ["plain", "gzip", "utf-16", "csv", "csv-gzip"])
def test_who_begins_anew_goes_on_at_the_next_line(root: Path, form: str) -> None:
    is_csv, path = form.startswith("csv"), root / "a"
    text = "n\n" + "".join(f"{n}\n" for n in range(20)) if is_csv else "".join(f'{{"n": "{n}"}}\n' for n in range(20))
    data = text.encode("utf-16" if form == "utf-16" else "utf-8")
    path.write_bytes(gzip.compress(data) if form.endswith("gzip") else data)
    os.utime(path, (OLD, OLD))
    document = {"csv": {"format": "csv"}, "utf-16": {"encoding": "utf-16"}}.get(form.removesuffix("-gzip"), {})
    bridge = FileBridge("folder", None, folder=str(root), **document)
    found = []

    while batch := bridge.some(3):
        found += [json.loads(each.body)["n"] for each in batch]
        bridge.close()

    assert found == [str(n) for n in range(20)]
    assert bridge.positions[str(path)]["done"] is True
    bridge.close()


def test_a_file_that_takes_the_place_of_another_is_read_as_a_new_one(root: Path, bridge: FileBridge) -> None:
    write(root / "a", '{"n": 1}')
    [before] = bridge.all()

    write(root / "a", '{"n": 1}', at=OLD + 1)
    [after] = bridge.all()

    assert before.key != after.key


def test_a_file_that_is_replaced_while_it_is_read_ends_there(root: Path, bridge: FileBridge) -> None:
    write(root / "a", *(f'{{"n": {n}, "x": "{"x" * 1_000}"}}' for n in range(3_000)))
    bridge.some(10)
    write(root / "b", '{"n": -1}')

    write(root / "a", '{"n": 1}', at=OLD + 1)
    found = bridge.bodies()

    assert found[-2:] == [{"n": 1}, {"n": -1}]


def test_a_file_that_grows_is_waited_for(root: Path) -> None:
    bridge = FileBridge("folder", None, folder=str(root), quiet="1 hour")
    now = time.time()
    path = write(root / "a", '{"n": 1}', at=now)
    write(root / ".b", '{"n": 2}')
    assert bridge.bodies() == []

    write(path, '{"n": 1}', '{"n": 2}', at=now + 1)
    assert bridge.bodies() == []

    path.rename(root / "c")
    os.utime(root / "c", (OLD - 10, OLD - 10))
    assert bridge.bodies() == [{"n": 1}, {"n": 2}]
    bridge.close()


def test_a_file_of_a_clock_that_is_ahead_is_quiet_once_we_saw_it_so(root: Path) -> None:
    bridge = FileBridge("folder", None, folder=str(root), quiet="1 second")
    write(root / "a", '{"n": 1}', at=time.time() + 3_600)
    assert bridge.bodies() == []

    time.sleep(1.0)

    assert bridge.bodies() == [{"n": 1}]
    bridge.close()


def test_files_are_moved_once_they_are_stored_and_what_is_there_stays(root: Path) -> None:
    bridge = FileBridge("folder", None, folder=str(root), pattern="**/*", afterwards="move")
    for n in (1, 2):
        write(root / "x" / "a", f'{{"n": {n}}}')
        assert bridge.bodies() == [{"n": n}]

    assert [path.name.partition(".")[0] for path in (root / "done" / "x").iterdir()] == ["a", "a"]
    assert not (root / "x" / "a").exists()
    assert bridge.positions == {}
    bridge.close()


def test_a_file_whose_reader_ended_before_it_was_deleted_is_deleted_later(root: Path) -> None:
    bridge = FileBridge("folder", None, folder=str(root), afterwards="delete")
    path = write(root / "a", '{"n": 1}')
    bridge.some(10, is_settled=False)
    bridge.close()
    assert path.exists()

    assert bridge.bodies() == []

    assert not path.exists()
    bridge.close()


def test_what_takes_the_place_of_a_file_before_that_was_deleted_is_read(root: Path) -> None:
    bridge = FileBridge("folder", None, folder=str(root), afterwards="delete")
    path = write(root / "a", '{"n": 1}')
    batch = bridge.reader.read(10, secs=0.0)
    bridge.positions = {each.place: each.position for each in batch}

    write(path, '{"n": 2}', '{"n": 3}')
    bridge.reader.settle(batch)

    assert bridge.bodies() == [{"n": 2}, {"n": 3}]
    bridge.close()


def test_positions_of_files_that_are_gone_are_forgotten(root: Path, bridge: FileBridge) -> None:
    for name in ("a", "b"):
        write(root / name, '{"n": 1}')
    bridge.all()
    assert len(bridge.positions) == 2

    (root / "a").unlink()
    bridge.all()

    assert list(bridge.positions) == [str(root / "b")]


def test_an_empty_file_is_done_at_once(root: Path, bridge: FileBridge) -> None:
    write(root / "a")

    assert bridge.all() == []
    assert bridge.positions[str(root / "a")]["done"] is True


def test_a_bad_line_is_set_aside_alone_and_the_file_goes_on(root: Path, bridge: FileBridge) -> None:
    (root / "a").write_bytes(b'{"n": 1}\n' + b"x" * 5_000_000 + b'\n{"n": 2}')
    os.utime(root / "a", (OLD, OLD))

    first, bad, last = bridge.all()

    assert (json.loads(first.body), json.loads(last.body)) == ({"n": 1}, {"n": 2})
    assert ("longer than" in bad.problem, len(bad.body), bad.about["line"]) == (True, 64_000, 2)


def test_a_large_file_takes_no_more_memory_than_a_small_one(root: Path, bridge: FileBridge) -> None:
    line = f'{{"n": 1, "x": "{"x" * 200}"}}\n'.encode()
    with gzip.open(root / "a.gz", "wb", compresslevel=1) as packed:
        for _ in range(30):
            packed.write(line * 4_000)
    os.utime(root / "a.gz", (OLD, OLD))
    bridge.some(500)
    before = getrusage(RUSAGE_SELF).ru_maxrss
    n_read = 500

    while batch := bridge.some(500):
        n_read += len(batch)

    assert n_read == 120_000
    assert getrusage(RUSAGE_SELF).ru_maxrss - before < 30_000  # KB


def test_a_batch_of_large_lines_is_a_small_one(root: Path, bridge: FileBridge) -> None:
    write(root / "a", *(json.dumps("x" * 3_000_000) for _ in range(10)))

    assert [len(bridge.some(500)) for _ in range(3)] == [3, 3, 3]


@pytest.mark.parametrize("target", ["outside", "outside/secret"])
def test_links_that_lead_outside_are_not_read(root: Path, bridge: FileBridge, target: str) -> None:
    write(root.parent / "outside" / "secret", '{"n": 1}')
    (root / "link").symlink_to(root.parent / target)

    assert bridge.bodies() == []


def test_a_link_within_is_read_and_a_pipe_is_not(root: Path, bridge: FileBridge) -> None:
    write(root / "a", '{"n": 1}')
    (root / "b").symlink_to(root / "a")
    os.mkfifo(root / "c")

    assert bridge.bodies() == [{"n": 1}, {"n": 1}]


def test_a_file_that_has_another_name_is_not_read_until_it_has_one_alone(root: Path, bridge: FileBridge) -> None:
    write(root.parent / "outside", "1")
    (root / "a").hardlink_to(root.parent / "outside")
    assert bridge.all() == []

    (root.parent / "outside").unlink()

    assert [each.body for each in bridge.all()] == [b"1"]


def test_a_link_that_is_turned_outside_after_it_was_listed_is_not_read(root: Path, bridge: FileBridge) -> None:
    write(root.parent / "outside", '{"n": 2}')
    write(root / "a", '{"n": 1}')
    write(root / "b", '{"n": 1}')
    bridge.some(1)

    (root / "b").unlink()
    (root / "b").symlink_to(root.parent / "outside")

    assert bridge.bodies() == []


def test_a_name_that_is_no_text_is_read_as_well(root: Path, bridge: FileBridge) -> None:
    with open(os.fsencode(root) + b"/\xff", "wb") as file:  # noqa: PTH123 - a name of bytes
        file.write(b'{"n": 1}')
    os.utime(os.fsencode(root) + b"/\xff", (OLD, OLD))

    [found] = bridge.all()

    assert found.about["file"] == "\\xff"


@pytest.mark.parametrize(
    ("wish", "ns"),
    [
        ({"to": To.BEGINNING}, [1, 2, 3, 4]),
        ({"to": To.END}, []),
        ({"to": To.TIME, "at": datetime.fromtimestamp(OLD + 50, UTC)}, [3, 4]),
        ({"to": To.POSITION, "place": "a", "position": "1"}, [2]),
    ],
)
@pytest.mark.parametrize("format", ["json_lines", "csv"])
def test_a_bridge_reads_on_from_elsewhere(root: Path, wish: dict[str, Any], ns: list[int], format: str) -> None:
    bridge = FileBridge("folder", None, folder=str(root), format=format)
    for name, numbers, at in (("a", (1, 2), OLD), ("b", (3, 4), OLD + 100)):
        rows = [f'{{"n": "{n}"}}' for n in numbers] if format == "json_lines" else ["n", *map(str, numbers)]
        write(root / name, *rows, at=at)
    bridge.all()
    if wish["to"] is To.POSITION:
        at = int(wish["position"]) + (format == "csv")
        wish = {**wish, "place": str(root / wish["place"]), "position": str(at)}

    bridge.seek(**wish)

    assert bridge.bodies() == [{"n": str(n)} for n in ns]
    bridge.close()


@pytest.mark.parametrize("wish", [{"place": "nothing", "position": "1"}, {"place": "a", "position": "x"}])
def test_what_is_no_position_is_refused(root: Path, bridge: FileBridge, wish: dict[str, str]) -> None:
    write(root / "a", '{"n": 1}')

    with pytest.raises(Failure):
        bridge.seek(To.POSITION, **{**wish, "place": str(root / wish["place"])})


def test_the_lag_is_the_files_that_wait(root: Path, bridge: FileBridge) -> None:
    for n, name in enumerate("abc"):
        write(root / name, '{"n": 1}', '{"n": 2}', at=OLD + n)
    bridge.some(6)  # the ends of files among them

    assert bridge.reader.lag() == Lag(1, datetime.fromtimestamp(OLD + 2, UTC))
    bridge.all()
    assert bridge.reader.lag() == Lag(0, None)


def test_a_sample_reads_without_taking(root: Path, bridge: FileBridge) -> None:
    write(root / "a", '{"n": 1}')
    write(root / "b", *(f'{{"n": {n}}}' for n in range(2, 9)))

    found = KIND.peek(None, bridge.settings, 5)

    assert [json.loads(each.body)["n"] for each in found] == [1, 2, 3, 4, 5]
    assert len(bridge.bodies()) == 8


def test_a_folder_that_disappears_is_said_and_comes_back(root: Path, bridge: FileBridge) -> None:
    write(root / "a", '{"n": 1}')
    bridge.all()
    root.rename(root.parent / "away")
    with pytest.raises(Failure, match="There is no folder"):
        bridge.all()
    bridge.close()

    (root.parent / "away").rename(root)

    assert bridge.all() == []
    assert len(bridge.positions) == 1


def look(**document: Any) -> list[tuple[str, str, str]]:
    report = Report()
    KIND.look(None, read(FolderSettings, document), report)
    return [(finding.part.value, finding.state.value, finding.told) for finding in report.findings]


def test_a_look_says_what_is_there(root: Path, settings: Any) -> None:
    assert [found[:2] for found in look(folder=str(root))] == [("right", "well"), ("place", "doubt")]

    write(root / "a", '{"n": 1}')
    assert look(folder=str(root))[-1][2].startswith("1 files match")

    (root.parent / "outside").mkdir()
    (root / "link").symlink_to(root.parent / "outside")
    assert look(folder=str(root / "link"))[-1][:2] == ("right", "failed")
    assert look(folder=str(root / "nothing"))[-1][:2] == ("place", "failed")
    document = read(FolderSettings, {"folder": str(root)})
    settings.INBOUND_FOLDERS = []
    report = Report()
    KIND.look(None, document, report)
    assert "INBOUND_FOLDERS" in report.findings[-1].told


@pytest.mark.parametrize("folder", ["/etc", "relative", "{root}/../outside", "{root}x"])
def test_a_folder_that_is_not_allowed_is_refused(root: Path, folder: str) -> None:
    with pytest.raises(SettingsError) as raised:
        read(FolderSettings, {"folder": folder.format(root=root)})

    assert [problem.path for problem in raised.value.problems] == ["folder"]


def test_without_an_allowed_folder_the_kind_says_so(settings: Any) -> None:
    settings.INBOUND_FOLDERS = []

    with pytest.raises(Failure, match="INBOUND_FOLDERS"):
        KIND.places(None)


def test_places_are_the_folders_that_may_be_read(root: Path) -> None:
    (root / "a" / "b").mkdir(parents=True)

    assert KIND.places(None) == [str(root), str(root / "a"), str(root / "a" / "b")]


def test_many_small_files_are_read_one_after_the_other(root: Path, bridge: FileBridge) -> None:
    for n in range(1_000):
        write(root / f"{n:05}", f'{{"n": {n}}}')

    found = [json.loads(each.body)["n"] for each in bridge.all()]

    assert found == list(range(1_000))
