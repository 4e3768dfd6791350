"""Who follows an alias and then locks has to ask again where it leads: `ledger.locked` does it for all."""

import re

from cdp.processes import BASE_DIR

FOLLOWS = re.compile(r"\bliving_ids?\(|\bAlias\b")
LOCKS = re.compile(
    r"(?<!\bledger)\.locked\(|\bProfile\.objects\b[^\n]*\.select_for_update\(|\bfetch\(\s*Profile,[^)]*\blocks=True"
)


def test_nobody_follows_an_alias_and_locks_by_themselves() -> None:
    found = {
        str(path.relative_to(BASE_DIR))
        for path in BASE_DIR.glob("apps/**/*.py")
        if FOLLOWS.search(path.read_text()) and LOCKS.search(path.read_text())
    }

    assert found == {
        "apps/profiles/identity.py",  # `load`, which asks again, and has the pipeline look at all ids anew
        "apps/profiles/ledger.py",
    }
