"""The kinds of values that settings have: how each is read, written and described."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, Final

from apps.conditions import ConditionError, parse
from apps.conditions.durations import in_words, parse_length
from apps.conditions.exceptions import TreeError
from apps.core import storable
from apps.core.typed_settings.problem import Problem, SettingsError, wrong

SECOND: Final = timedelta(seconds=1)


class Kind:
    """A kind of values: `read` takes what a document says, `write` gives it back."""

    widget: ClassVar[str]  # by which forms and the editor of flows know how to ask for it
    told: ClassVar[str]  # what it is, in a word or two
    nothing: ClassVar[Any] = None  # what it is where nobody may say anything
    takes_null: ClassVar[bool] = False

    def read(self, given: Any) -> Any:
        """Return the value. Raises SettingsError, with paths from here on."""
        raise NotImplementedError

    def write(self, value: Any) -> Any:
        """Return what a document says of a value."""
        return value

    def schema(self) -> dict[str, Any]:
        """Describe what a document may say, as JSON schema does."""
        raise NotImplementedError


@dataclass(frozen=True)
class Text(Kind):
    """A text in one line."""

    max_length: int
    format: str = ""  # what it is, where forms can help with that: time, id, port, path
    widget = "text"
    told = "text"
    nothing = ""

    def read(self, given: Any) -> str:
        """Refuse what is no text, too long, or has characters that nobody sees."""
        if not isinstance(given, str):
            raise wrong("Expected a text.")
        if len(given) > self.max_length:
            raise wrong(f"At most {self.max_length:,} characters, not {len(given):,}.")
        problem = storable.problem_of_text(given)
        if problem:
            raise wrong(f"The text {problem}.")
        self._check_lines(given)
        return given

    def _check_lines(self, given: str) -> None:
        if any(character < " " or character == "\x7f" for character in given):
            raise wrong("Expected one line, without tabs and control characters.")

    def schema(self) -> dict[str, Any]:
        """Describe a text."""
        return {"type": "string", "maxLength": self.max_length, **({"x-format": self.format} if self.format else {})}


class LongText(Text):
    """A text of several lines."""

    widget = "long_text"

    def _check_lines(self, given: str) -> None:
        pass


@dataclass(frozen=True)
class Secret(Text):
    """A text that goes in, and that nobody gets out."""

    has_lines: bool = False
    widget = "secret"
    told = "secret"

    def _check_lines(self, given: str) -> None:
        if not self.has_lines:
            super()._check_lines(given)

    def schema(self) -> dict[str, Any]:
        """Say that it is only written."""
        return {**super().schema(), "format": "password", "writeOnly": True}


@dataclass(frozen=True)
class ConditionText(LongText):
    """A condition."""

    language: str = ""  # of the admin's builder of conditions
    widget = "condition"
    told = "condition"

    def schema(self) -> dict[str, Any]:
        """Say in which language it asks, where that is another one than usual."""
        return super().schema() | ({"x-language": self.language} if self.language else {})

    def read(self, given: Any) -> str:
        """Refuse what does not parse; an empty one is none."""
        text = super().read(given)
        if text.strip():
            try:
                parse(text)
            except ConditionError as error:
                raise wrong(str(error)) from None
        return text


@dataclass(frozen=True)
class Reference(Text):
    """The key of something that has a name."""

    to: str = ""
    widget = "reference"

    @property
    def told(self) -> str:  # type: ignore[override]
        """Say what it names."""
        return self.to.replace("_", " ")

    def schema(self) -> dict[str, Any]:
        """Say what it names."""
        return {**super().schema(), "x-reference": self.to}


@dataclass(frozen=True)
class Number(Kind):
    """A number within bounds."""

    least: float | None
    most: float | None
    is_whole: bool
    widget = "number"
    told = "number"

    def read(self, given: Any) -> float:
        """Refuse what is none, and what is out of bounds."""
        if isinstance(given, bool) or not isinstance(given, int | float) or not math.isfinite(given):
            raise wrong("Expected a whole number." if self.is_whole else "Expected a number.")
        if self.is_whole and given != int(given):
            raise wrong("Expected a whole number.")
        if self.least is not None and given < self.least:
            raise wrong(f"At least {self.least:,}.")
        if self.most is not None and given > self.most:
            raise wrong(f"At most {self.most:,}.")
        return int(given) if self.is_whole else given  # 1 stays 1 in what is made of it, and is not 1.0

    def schema(self) -> dict[str, Any]:
        """Describe a number."""
        bounds = {"minimum": self.least, "maximum": self.most}
        said = {name: bound for name, bound in bounds.items() if bound is not None}
        return {"type": "integer" if self.is_whole else "number", **said}


@dataclass(frozen=True)
class Duration(Kind):
    """A length of time, in whole seconds."""

    least: timedelta
    most: timedelta
    widget = "duration"
    told = "duration"

    def read(self, given: Any) -> timedelta:
        """Refuse what is none, what depends on the calendar, and what is out of bounds."""
        if not isinstance(given, str):
            raise wrong("Expected a text such as 15 minutes, 1h30m or 180 days.")
        try:
            secs = parse_length(given).seconds
        except TreeError as error:
            raise wrong(error.message) from None
        if secs is None:
            raise wrong("Months and years differ in length: write it in days.")
        found = timedelta(seconds=secs)
        if found < self.least:
            raise wrong(f"At least {in_words(self.least)}.")
        if found > self.most:
            raise wrong(f"At most {in_words(self.most)}.")
        return found

    def write(self, value: timedelta) -> str:
        """Write it in the greatest unit that it is whole in."""
        return in_words(value)

    def schema(self) -> dict[str, Any]:
        """Describe it as a text; JSON schema knows durations of ISO 8601 alone, and nobody types those."""
        return {"type": "string", "x-least": in_words(self.least), "x-most": in_words(self.most)}


class YesNo(Kind):
    """Yes or no."""

    widget = "switch"
    told = "yes or no"

    def read(self, given: Any) -> bool:
        """Refuse all but true and false."""
        if not isinstance(given, bool):
            raise wrong("Expected true or false.")
        return given

    def schema(self) -> dict[str, Any]:
        """Describe a boolean."""
        return {"type": "boolean"}


@dataclass(frozen=True)
class Choice(Kind):
    """One of some words, each with what people read in its place."""

    choices: Mapping[str, str]
    widget = "choice"
    told = "one of"
    nothing = ""

    def read(self, given: Any) -> str:
        """Refuse all but the words."""
        if not isinstance(given, str) or given not in self.choices:
            raise wrong(f"Expected one of {', '.join(self.choices)}.")
        return given

    def schema(self) -> dict[str, Any]:
        """Describe the words, with what people read."""
        return {"type": "string", "enum": list(self.choices), "x-labels": dict(self.choices)}


@dataclass(frozen=True)
class Texts(Kind):
    """A list of texts, none of them empty or there twice."""

    item: Text
    max_items: int
    widget = "texts"
    told = "list of texts"
    nothing = ()

    def read(self, given: Any) -> tuple[str, ...]:
        """Refuse what is no list, and name each item that is wrong."""
        if not isinstance(given, list | tuple):
            raise wrong("Expected a list of texts.")
        if len(given) > self.max_items:
            raise wrong(f"At most {self.max_items:,} of them, not {len(given):,}.")
        found: list[str] = each(enumerate(given), self._read_item)
        twice = next((text for place, text in enumerate(found) if text in found[:place]), None)
        if twice is not None:
            raise wrong(f"{twice} is there twice.")
        return tuple(found)

    def _read_item(self, given: Any) -> str:
        text = self.item.read(given)
        if not text.strip():
            raise wrong("The text is empty.")
        return text

    def write(self, value: tuple[str, ...]) -> list[str]:
        """Write a list."""
        return list(value)

    def schema(self) -> dict[str, Any]:
        """Describe the list."""
        return {"type": "array", "items": self.item.schema(), "maxItems": self.max_items, "uniqueItems": True}


@dataclass(frozen=True)
class TextMapping(Kind):
    """Texts by name."""

    item: Text
    max_items: int
    widget = "mapping"
    told = "texts by name"

    @property
    def nothing(self) -> dict[str, str]:
        """An empty one, which nobody shares."""
        return {}

    def read(self, given: Any) -> dict[str, str]:
        """Refuse what is no object, and name each value that is wrong."""
        if not isinstance(given, dict):
            raise wrong("Expected an object of texts.")
        if len(given) > self.max_items:
            raise wrong(f"At most {self.max_items:,} of them, not {len(given):,}.")
        names: list[str] = each(((key, key) for key in given), self._read_name)
        values: list[str] = each(given.items(), self.item.read)
        return dict(zip(names, values, strict=True))

    def _read_name(self, given: Any) -> str:
        name = self.item.read(given)
        if not name.strip():
            raise wrong("A name is empty.")
        return name

    def write(self, value: Mapping[str, str]) -> dict[str, str]:
        """Write an object."""
        return dict(value)

    def schema(self) -> dict[str, Any]:
        """Describe the object."""
        return {"type": "object", "additionalProperties": self.item.schema(), "maxProperties": self.max_items}


class JsonTemplate(Kind):
    """JSON in which texts may refer to values; who fills it in says to which (by `check`)."""

    widget = "template"
    told = "JSON"
    takes_null = True

    def read(self, given: Any) -> Any:
        """Refuse what cannot be stored."""
        refusal = storable.refusal_in(given, "")
        if refusal:
            said = refusal.message.removeprefix(f"{refusal.field} ")
            raise SettingsError([Problem(refusal.field, said if said == refusal.message else f"It {said}")])
        return given

    def schema(self) -> dict[str, Any]:
        """Let it be anything."""
        return {}


def each(given: Any, read: Callable[[Any], Any]) -> list[Any]:
    """Read values by key. Raises SettingsError with the problems of all."""
    found, problems = [], list[Problem]()
    for key, value in given:
        try:
            found.append(read(value))
        except SettingsError as error:
            problems += error.below(key)
    if problems:
        raise SettingsError(problems)
    return found
