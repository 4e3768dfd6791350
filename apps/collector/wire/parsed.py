"""What a body turned out to hold, whatever its dialect."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from apps.collector.payload import Payload
from apps.core.ids import digest
from apps.core.refusal import Refusal


@dataclass(slots=True)
class Parsed:
    """What a body turned out to hold."""

    payloads: list[Payload] = field(default_factory=list)
    is_debugged: bool = False  # the caller wants to see the ids of its events
    is_asynchronous: bool = False
    notes: list[Refusal] = field(default_factory=list)  # what was passed over of the request itself

    @property
    def refusals(self) -> list[Refusal]:
        """All that is refused of it so far."""
        return [refusal for payload in self.payloads for refusal in payload.refusals()]

    @property
    def warnings(self) -> list[Refusal]:
        """What its sender is to know of the rest, as far as it is known."""
        return self.notes + [warning for payload in self.payloads for warning in payload.warnings()]

    @property
    def is_refused(self) -> bool:
        """Tell whether nothing of it is taken."""
        return all(payload.is_refused for payload in self.payloads)

    def name_messages(self, delivery: str) -> None:
        """Give ids to events that have none, by the delivery that brought them: so a repetition of it is known."""
        events = [event for payload in self.payloads for event in payload.events]
        for number, event in enumerate(events):
            if event.message_id is None:
                event.message_id = str(digest("item", delivery, str(number))) if len(events) > 1 else delivery

    def obey(self, verdicts: Sequence[Refusal]) -> None:
        """Refuse what was refused when the body came in, and nothing else in its place."""
        by_index = {verdict.index: verdict for verdict in verdicts}
        for payload in self.payloads:
            payload.refusal = by_index.get(None)
            for event in payload.events:
                event.refusal = by_index.get(event.index, event.refusal)
            payload.settle()
