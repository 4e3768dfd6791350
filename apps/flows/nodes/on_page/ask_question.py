"""Ask whoever looks at the page a question."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from apps.core.typed_settings import Problem, items, long_text, reference, text
from apps.flows.engine.step import Step
from apps.flows.node import Place, register
from apps.flows.nodes.on_page.blocks import BUTTON, block, words
from apps.flows.nodes.on_page.showing import Showing, Shown, texts_of


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer, a button."""

    label: str = text("Button", max_length=100)
    value: str = text("Kept as", default="", max_length=100, help="Empty: what the button says.")


@register
class AskQuestion(Showing):
    """The page asks a question, with a button for each answer: yes or no, or which of some.

    The event has the answer as its property `answer`, and the name of the question as `question`. It does something in
    flows that answer inline, and has to stand before what takes time.
    """

    key, title, icon, order = "ask-question", "Ask a question", "help", 60
    example = {
        "text": "Do you shop for yourself?",
        "answers": [{"label": "Yes", "value": "self"}, {"label": "No, for a present", "value": "present"}],
        "question": "for-whom",
        "event_type": "question-answered",
    }

    @dataclass(frozen=True, kw_only=True)
    class Settings(Shown):
        """What is asked, and what may be answered."""

        title: str = text("Heading", default="", help="It may have {{ }}, as the text below.")
        text_: str = long_text("Question", max_length=2_000)
        answers: tuple[Answer, ...] = items("Answers", Answer, least=2, most=5)
        question: str = text("Name of the question", default="", help="It is the property question of the event.")
        event_type: str = reference("Event", to="event_type", help="Tracked when somebody answers.")

        def problems(self) -> Iterator[Problem]:
            """Refuse answers that nobody could tell apart afterwards."""
            values = [_value(answer) for answer in self.answers]
            if len(set(values)) < len(values):
                yield Problem("answers", "Two answers are kept as the same.")

    def __init__(self, settings: Settings, place: Place) -> None:
        super().__init__(settings, place)
        self._said = texts_of(place, title=settings.title, text=settings.text_)

    def blocks(self, step: Step) -> list[dict[str, Any]]:
        """Ask."""
        said, settings = self._said(step.scope), self.settings
        named = {"question": settings.question} if settings.question else {}
        buttons = [
            block(BUTTON, text=each.label, event_type=settings.event_type, properties={**named, "answer": _value(each)})
            for each in settings.answers
        ]
        return [*words(said["title"], said["text"]), *buttons]


def _value(answer: Answer) -> str:
    return answer.value or answer.label
