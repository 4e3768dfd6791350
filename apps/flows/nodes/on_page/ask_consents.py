"""Ask whoever looks at the page what they agree to."""

from dataclasses import dataclass
from typing import Any, Final

from apps.core.typed_settings import choice, long_text, text, texts
from apps.flows.engine.moves import Ask, Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Place, register
from apps.flows.nodes.on_page.blocks import CONSENTS, block, words
from apps.flows.nodes.on_page.showing import Showing, Shown, texts_of
from apps.profiles.consents import EVENT_TYPE

UNDECIDED, ALL = "undecided", "all"
_ASKED: Final = {UNDECIDED: "What they have not decided, or what has expired", ALL: "All of them"}


@register
class AskConsents(Showing):
    """The page asks what people agree to, by the consent types that there are, in their wording: a consent bar.

    What they decide is tracked as `consent-update`, with the version of each wording. Where nothing is left to be asked
    nothing is shown. It does something in flows that answer inline, and has to stand before what takes time. Of whoever
    comes to a source that requires consents no flow knows before they have agreed: there the page asks by itself.
    """

    key, title, icon, order = "ask-consents", "Ask for consents", "verified_user", 80
    example = {"place": "banner", "text": "May we write to you, now and then?", "consents": ["marketing-email"]}

    @dataclass(frozen=True, kw_only=True)
    class Settings(Shown):
        """What is asked."""

        title: str = text("Heading", default="", help="It may have {{ }}, as the text below.")
        text_: str = long_text(
            "Text", max_length=2_000, default="", help="What it is about; each wording stands below."
        )
        consents: tuple[str, ...] = texts(
            "Consents", to="consent", max_items=20, default=(), help="Their ids. Empty: all that are offered."
        )
        asked: str = choice("Which are asked", _ASKED, default=UNDECIDED)
        send: str = text("Button", default="Save", max_length=100)
        agree: str = text(
            "Button to agree to all", default="Agree to all", max_length=100, help="Empty: there is none."
        )

    def __init__(self, settings: Settings, place: Place) -> None:
        super().__init__(settings, place)
        self._said = texts_of(place, title=settings.title, text=settings.text_)

    def run(self, step: Step) -> Move:
        """Ask what is offered, and show it."""
        said = self.settings
        if step.answer is None:
            return Ask("consents", {"ids": list(said.consents), "is_undecided": said.asked == UNDECIDED})
        return super().run(step) if step.answer else Go()

    def blocks(self, step: Step) -> list[dict[str, Any]]:
        """Ask."""
        said, settings = self._said(step.scope), self.settings
        parts = {"consents": step.answer, "send": settings.send, "agree": settings.agree}
        return [*words(said["title"], said["text"]), block(CONSENTS, event_type=EVENT_TYPE, **parts)]
