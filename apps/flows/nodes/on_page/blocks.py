"""What a widget is built of: blocks that say what they are, and no markup. docs/collect.md says how pages show them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from apps.core.typed_settings import Problem, choice, items, long_text, reference, template, text, texts, yes_no
from apps.flows.engine.moves import Failure
from apps.flows.nodes.json_checks import check_object

HEADING, TEXT, IMAGE, BUTTON, FORM, RATING = "heading", "text", "image", "button", "form", "rating"
CONSENTS: Final = "consents"  # what may be agreed to is known when it is shown: only a node of its own has it
STARS, NPS = "stars", "nps"
SCALES: Final = {STARS: "1 to 5", NPS: "0 to 10"}
_BOUNDS: Final = {STARS: (1, 5), NPS: (0, 10)}
_KINDS: Final = {HEADING: "Heading", TEXT: "Text", IMAGE: "Image", BUTTON: "Button", FORM: "Form", RATING: "Rating"}
_INPUTS: Final = {
    "text": "A text",
    "email": "An e-mail address",
    "phone": "A phone number",
    "number": "A number",
    "yes_no": "Yes or no",
    "choice": "One of some",
}
_ADDRESS: Final = re.compile(r"https?://[^\s/]|/(?![/\\])", re.IGNORECASE)
_UNSEEN: Final = re.compile(r"[\x00-\x20\x7f\\]")


def check_name(name: str) -> None:
    """Refuse what a property had better not be called. Raises ValueError."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) or name == "widget":
        raise ValueError("A name has letters, digits and _, begins with a letter, and is not widget.")


@dataclass(frozen=True, kw_only=True)
class FormField:
    """Something that people fill in."""

    name: str = text("Name", max_length=40, check=check_name, help="Of the property that holds it.")
    label: str = text("Label")
    input: str = choice("What it is", _INPUTS, default="text")
    is_required: bool = yes_no("It has to be filled in", default=True)
    choices: tuple[str, ...] = texts("Choices", max_items=50, when=("input", "choice"))


@dataclass(frozen=True, kw_only=True)
class Block:
    """A part of a widget, below the one before it."""

    kind: str = choice("What it is", _KINDS)
    text_: str = long_text("Text", max_length=2_000, when=("kind", HEADING, TEXT, BUTTON), help="It may have {{ }}.")
    src: str = text("Address of the image", max_length=2_000, when=("kind", IMAGE))
    alt: str = text("What it shows", default="", when=("kind", IMAGE), help="For whoever does not see it.")
    href: str = text("Where it leads", default="", max_length=2_000, when=("kind", IMAGE, BUTTON))
    event_type: str = reference(
        "Event", to="event_type", default="", when=("kind", BUTTON, FORM, RATING), help="Tracked when somebody uses it."
    )
    properties: Any = template(
        "Its properties",
        default={},
        check=check_object,
        when=("kind", BUTTON, FORM, RATING),
        help="Beside those that it has anyway.",
    )
    scale: str = choice("Scale", SCALES, default=STARS, when=("kind", RATING))
    fields: tuple[FormField, ...] = items("Fields", FormField, least=1, most=20, when=("kind", FORM))
    send: str = text("Button of the form", default="Send", max_length=100, when=("kind", FORM))

    @property
    def texts(self) -> dict[str, str]:
        """What is said in it, and may refer to something."""
        return {"text": self.text_, "src": self.src, "alt": self.alt, "href": self.href}

    def problems(self) -> Iterator[Problem]:
        """Refuse what would do nothing."""
        if self.kind == BUTTON and not (self.href or self.event_type):
            yield Problem("href", "A button leads somewhere, or is tracked.")
        names = [field.name for field in self.fields]
        if len(set(names)) < len(names):
            yield Problem("fields", "Two fields have one name.")
        if self.kind in (FORM, RATING) and not self.event_type:
            yield Problem("event_type", "What people fill in is tracked as an event: name its type.")


def block(kind: str, **parts: Any) -> dict[str, Any]:
    """Return a block as pages get it, without what says nothing. Raises Failure for an address that leads elsewhere."""
    for name in ("src", "href"):
        _check_address(parts.get(name, ""))
    return {"kind": kind, **{name: part for name, part in parts.items() if part not in ("", {}, None)}}


def words(title: str, text: str) -> list[dict[str, Any]]:
    """Return a heading and a text, as far as they say something."""
    return [block(kind, text=said) for kind, said in ((HEADING, title), (TEXT, text)) if said]


def form(*fields: FormField, send: str, event_type: str, **parts: Any) -> dict[str, Any]:
    """Return a form."""
    return block(FORM, event_type=event_type, fields=[_field(each) for each in fields], send=send, **parts)


def rating(scale: str, event_type: str, **parts: Any) -> dict[str, Any]:
    """Return a choice of one number of a scale."""
    least, most = _BOUNDS[scale]
    return block(RATING, least=least, most=most, event_type=event_type, **parts)


def document_of(said: Block, filled: dict[str, Any]) -> dict[str, Any]:
    """Return a block as pages get it; what may refer to something is filled in already."""
    if said.kind == FORM:
        return form(*said.fields, send=said.send, event_type=said.event_type, **filled)
    if said.kind == RATING:
        return rating(said.scale, said.event_type, **filled)
    return block(said.kind, event_type=said.event_type, **filled)


def _check_address(address: str) -> None:
    """Refuse what leads out of the web, such as javascript:. Raises Failure."""
    if address and (not _ADDRESS.match(address) or _UNSEEN.search(address)):
        raise Failure("An address in a widget begins with https://, or with / for one of the same site.")


def _field(field: FormField) -> dict[str, Any]:
    found: dict[str, Any] = {"name": field.name, "label": field.label, "input": field.input}
    found["is_required"] = field.is_required
    return {**found, "choices": list(field.choices)} if field.choices else found
