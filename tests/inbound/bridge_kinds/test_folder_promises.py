"""What bridges promise, of files in a folder, with the real processes."""

import gzip
import time
from collections.abc import Sequence
from pathlib import Path

from tests.inbound.promises import READ_SECS, all_arrive, bridged
from tests.live import wait_for


def test_each_line_of_each_file_arrives_once_and_the_files_are_gone(tmp_path: Path) -> None:
    folder, names = tmp_path / "in", iter(range(10**9))
    folder.mkdir()

    def publish(messages: Sequence[bytes]) -> None:
        for at in range(0, len(messages), 40):
            data = b"\n".join(messages[at : at + 40])
            name = f"{time.time_ns():020}-{next(names)}.jsonl"
            (folder / f".{name}").write_bytes(gzip.compress(data) if at % 80 else data)
            (folder / f".{name}").rename(folder / name)

    settings = {"folder": str(folder), "quiet": "1 second", "poll": "1 second", "afterwards": "delete"}
    with bridged("folder", connection=None, settings=settings, INBOUND_FOLDERS=str(tmp_path)) as platform:
        all_arrive(platform, publish)
        wait_for(lambda: not list(folder.iterdir()), "the folder to be empty", timeout_secs=READ_SECS)
        positions = "SELECT 1 FROM inbound_position"
        wait_for(lambda: not platform.live.rows(positions), "no position", timeout_secs=READ_SECS)
