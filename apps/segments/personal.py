"""What the tables of this app hold of people."""

from django.db.models import Q

from apps.profiles.holdings import Person, Rows, register
from apps.segments.models import Membership


@register
class Memberships(Rows):
    """The segments that he is in, and was. Erased with his profile, and nobody is told: there is nobody who left."""

    name, title, models = "segments", "Groups that the person belongs to, or did, since when and why", (Membership,)
    is_at_once = True

    def find(self, person: Person) -> Q:
        """Select those of any of his profiles; an anonymous one that takes his place is decided anew."""
        return Q(profile_id__in=person.raw_ids)
