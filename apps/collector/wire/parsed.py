"""What a body turned out to hold, whatever its dialect."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from apps.collector.track import Track
from apps.core.refusal import Refusal


@dataclass(slots=True)
class Parsed:
    """What a body turned out to hold."""

    tracks: list[Track] = field(default_factory=list)
    is_debugged: bool = False  # the caller wants to see the ids of its events
    is_asynchronous: bool = False
    notes: list[Refusal] = field(default_factory=list)  # what was passed over of the request itself

    @property
    def refusals(self) -> list[Refusal]:
        """All that is refused of it so far."""
        return [refusal for track in self.tracks for refusal in track.refusals()]

    @property
    def warnings(self) -> list[Refusal]:
        """What its sender is to know of the rest, as far as it is known."""
        return self.notes + [warning for track in self.tracks for warning in track.warnings()]

    @property
    def is_refused(self) -> bool:
        """Tell whether nothing of it is taken."""
        return all(track.is_refused for track in self.tracks)

    def obey(self, verdicts: Sequence[Refusal]) -> None:
        """Refuse what was refused when the body came in, and nothing else in its place."""
        by_index = {verdict.index: verdict for verdict in verdicts}
        for track in self.tracks:
            track.refusal = by_index.get(None)
            for event in track.events:
                event.refusal = by_index.get(event.index, event.refusal)
            track.settle()
