"""Bodies as other systems post them, in the shapes that their documentation has, with invented values."""

import json
from pathlib import Path
from typing import Any, Final, NamedTuple

JSON, FORM, QUERY = "json", "form", "query"


class Posted(NamedTuple):
    """What a vendor posts: one body, or a list of them in one request; as JSON, as a form, or in the address."""

    vendor: str
    body: Any
    form: str = JSON

    @property
    def events(self) -> list[dict[str, Any]]:
        """The properties of the events that are to come of it."""
        return self.body if isinstance(self.body, list) else [self.body]


_LINES: Final = Path(__file__).with_suffix(".jsonl").read_text(encoding="utf-8").splitlines()
BODIES: Final = [Posted(**json.loads(line)) for line in _LINES]
