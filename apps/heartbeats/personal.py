"""What the tables of this app hold of people."""

from django.db.models import Q

from apps.heartbeats.models import Silence
from apps.profiles.holdings import SESSION, Person, Rows, register


@register
class Silences(Rows):
    """The silences of a person and of their sessions that were told of."""

    name, title, models = "silences", "When nothing was heard of the person for a while, and that was noted", (Silence,)
    omitted = ("id",)
    is_at_once = True

    def find(self, person: Person) -> Q:
        """Select those of any of the person's profiles and sessions."""
        return Q(subject_id__in=[*person.raw_ids, *person.named(SESSION)])

    def anonymise(self, person: Person, *, limit: int) -> int:
        """Leave what was said with the anonymous profile and its sessions, of whom it must not be said again."""
        becomes = {id: person.pseudonym(id) for id in person.named(SESSION)} | {person.id: person.anonymous_id}
        page = list(Silence.objects.filter(subject_id__in=becomes).order_by("pk")[:limit])
        for silence in page:
            silence.subject_id = becomes[silence.subject_id]
        Silence.objects.bulk_update(page, ["subject_id"])
        return len(page) + self.erase(person, limit=limit - len(page)) if len(page) < limit else len(page)
