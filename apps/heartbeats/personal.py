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
        """Leave what was said of the person with the anonymous profile, of whom it must not be said again."""
        own = Silence.objects.filter(subject_id=person.id).order_by("pk")[:limit]
        n_moved = Silence.objects.filter(pk__in=own.values("pk")).update(subject_id=person.anonymous_id)
        return n_moved + self.erase(person, limit=limit - n_moved) if n_moved < limit else n_moved
