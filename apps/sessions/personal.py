"""What the tables of this app hold of people."""

from collections.abc import Iterator
from uuid import UUID

from django.db.models import Q

from apps.profiles.holdings import SESSION, Person, Rows, register
from apps.sessions.anonymity import columns_of
from apps.sessions.models import Session


@register
class Sessions(Rows):
    """The sessions of a person, whose ids their devices keep."""

    name, title, models = "sessions", "Visits: when, from where, and on which device", (Session,)

    def names(self, person: Person) -> Iterator[tuple[str, UUID]]:
        """Yield their ids."""
        for session_id in self.found(person).values_list("id", flat=True):
            yield SESSION, session_id

    def find(self, person: Person) -> Q:
        """Select what belongs to the person."""
        return person.belongings

    def anonymise(self, person: Person, *, limit: int) -> int:
        """Leave sessions of the anonymous profile in their place, under ids that no device knows."""
        page = list(self.found(person)[:limit])
        ids = [session.id for session in page]
        for session in page:
            session.id = person.pseudonym(session.id)
            session.profile_id = session.original_profile_id = person.anonymous_id
            for name, value in columns_of(session).items():
                setattr(session, name, value)
        Session.objects.bulk_create(page)
        Session.objects.filter(pk__in=ids).delete()
        return len(page)
