"""Parts of mails as the standard library parses them, with a bound to whatever it would look at again and again."""

import re
from collections.abc import Mapping, Sequence
from email.message import Message
from email.policy import Compat32
from functools import cached_property
from itertools import islice
from typing import Any, Final

from apps.inbound.mails import charsets

MAX_HEADERS: Final = 1_000  # that are looked at
MAX_HEADER: Final = 20_000  # characters
MAX_OF_CONTENT: Final = 2_000  # characters of a header with parameters, such as Content-Type
_FOLDED: Final = re.compile(r"[\r\n]+[ \t]*")


class Part(Message):
    """A part of a mail, which has no charset but those that mails are read in."""

    @cached_property
    def by_name(self) -> Mapping[str, Sequence[str]]:
        """Its headers, each in one line, by their names in lower case: they are asked for dozens of times a mail."""
        found: dict[str, list[str]] = {}
        for name, value in islice(self.raw_items(), MAX_HEADERS):
            found.setdefault(name.lower(), []).append(_FOLDED.sub(" ", str(value)[:MAX_HEADER]).strip())
        return found

    @cached_property
    def content_type(self) -> str:
        """What it says that it is: text/plain."""
        return self.get_content_type()

    @cached_property
    def file_name(self) -> str:
        """The name of the file that it is, not decoded; empty: it is none."""
        try:
            return str(self.get_filename() or "")
        except (LookupError, ValueError, TypeError):  # what is no header of MIME
            return ""

    def get_param(self, param: str, *more: Any, **named: Any) -> Any:
        """Return a parameter of a header. The library reads bytes in the charset that it finds here."""
        found = super().get_param(param, *more, **named)
        if param != "charset":
            return found
        said = found[2] if isinstance(found, tuple) else found
        return charsets.known(said) if isinstance(said, str) else found


class _Bounded(Compat32):
    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        """Keep so much of a header as anybody looks at."""
        name, value = super().header_source_parse(sourcelines)
        return name, value[: MAX_OF_CONTENT if name.lower().startswith("content-") else MAX_HEADER]


POLICY: Final[Any] = _Bounded(message_factory=Part)  # parsers by it make parts, which their types do not know
