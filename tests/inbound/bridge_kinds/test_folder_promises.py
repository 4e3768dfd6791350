"""What bridges promise, of files in a folder, with the real processes."""

import os
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from tests.inbound.promises import all_arrive, bridged
from tests.live import wait_for


def test_each_line_of_each_file_arrives_once_and_files_that_were_read_are_moved(tmp_path: Path) -> None:
    numbers = count()

    def publish(messages: Sequence[bytes]) -> None:
        written = tmp_path / f"{next(numbers)}.part"
        written.write_bytes(b"".join(message + b"\n" for message in messages))
        os.utime(written, (0, 0))  # nobody has written it for long: so it is whole
        written.rename(written.with_suffix(".jsonl"))

    settings = {"folder": str(tmp_path), "pattern": "*.jsonl", "poll": "1 second", "afterwards": "move"}
    with bridged("folder", connection=None, settings=settings, INBOUND_FOLDERS=str(tmp_path)) as platform:
        all_arrive(platform, publish)
        wait_for(lambda: not list(tmp_path.glob("*.jsonl")), "all files to be moved")

    assert len(list((tmp_path / "done").iterdir())) == next(numbers)
