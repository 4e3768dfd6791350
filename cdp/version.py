"""The version, read from the newest entry of the changelog: the one place where it is written."""

import re
from pathlib import Path

CHANGELOG = Path(__file__).resolve().parent.parent / "CHANGELOG.md"


def read_version(changelog: str) -> str:
    """Find the first heading `## 1.2.3`. Raises ValueError when there is none."""
    found = re.search(r"^## (\d+\.\d+\.\d+)", changelog, re.MULTILINE)
    if found is None:
        raise ValueError("CHANGELOG.md has no heading of the form '## 1.2.3'")
    return found.group(1)


VERSION = read_version(CHANGELOG.read_text())
