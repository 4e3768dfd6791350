"""Patterns that people type: those of RE2, which reads a text once, whatever stands in it.

Python's own take for ever with some patterns and texts, and texts are anybody's.
"""

from itertools import islice
from typing import Any, Final

import re2

MAX_PATTERN: Final = 500  # characters
MAX_TEXT: Final = 4_000  # looking for the next match may read all that is left: so many characters,
MAX_MATCHES: Final = 50  # so often
_MAX_BYTES: Final = 2**18  # of memory for each pattern that is compiled


class Pattern:
    """A pattern. Raises ValueError, with what is wrong with it."""

    def __init__(self, text: str, *, ignores_case: bool = False) -> None:
        options = re2.Options()
        options.log_errors, options.max_mem, options.case_sensitive = False, _MAX_BYTES, not ignores_case
        try:
            self._compiled = re2.compile(text, options)
        except re2.error as error:
            said = error.args[0] if error.args else b""
            reason = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
            raise ValueError(f"The pattern cannot be read: {reason[:200]}.") from None
        self.n_groups: int = self._compiled.groups

    def is_all_of(self, text: str) -> bool:
        """Tell whether it matches a text from its beginning to its end."""
        return self._compiled.fullmatch(text) is not None

    def matches(self, text: str) -> list[Any]:
        """Return what matches, the first so many, as `re` has it."""
        return list(islice(self._compiled.finditer(text), MAX_MATCHES))
