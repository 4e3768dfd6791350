"""Parts of mails as the standard library parses them, with a bound to whatever it would look at again and again."""

from email.message import Message
from email.policy import Compat32
from typing import Any, Final

from apps.inbound.mails import charsets

MAX_HEADER: Final = 20_000  # characters
MAX_OF_CONTENT: Final = 2_000  # characters of a header with parameters, such as Content-Type


class Part(Message):
    """A part of a mail, which has no charset but those that mails are read in."""

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


POLICY: Final = _Bounded(message_factory=Part)
