"""Whoever writes profiles outside of the pipeline says whom they changed: segments are evaluated anew for them."""

import re

from cdp.processes import BASE_DIR

WRITES = re.compile(
    r"\b(?:upsert|update|insert_new)\(Profile,|\bprofile\.save\(|\bProfile\.objects\b[^\n]*\.(?:update|create|bulk_)"
    r"|UPDATE (?:profiles_profile|events_event)\b|INSERT INTO (?:profiles_profile|events_event)\b"
)
# Those that write and need not say so themselves.
OTHERS = {
    "apps/collector/stages/store.py": "the pipeline evaluates segments itself",
    "apps/flows/runs/subjects.py": "so does whoever advances runs",
    "apps/events/store/anonymity.py": "what it changes are events of somebody made anonymous: the last step says so",
    "apps/events/personal.py": "as above",
    "apps/profiles/personal.py": "as above",
    "apps/sessions/devices.py": "no segment asks how many identifiers somebody has",
}


def test_who_writes_profiles_says_whom() -> None:
    writers = {
        str(path.relative_to(BASE_DIR)): path.read_text()
        for path in BASE_DIR.glob("apps/**/*.py")
        if "migrations" not in path.parts and WRITES.search(path.read_text())
    }

    silent = {name for name, text in writers.items() if "dirty.mark(" not in text}

    assert silent == OTHERS.keys() & writers.keys()
    assert len(writers) - len(silent) >= 7, "The search finds no writers any more."
