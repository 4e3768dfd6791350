"""What the tables of this app hold of people."""

from apps.profiles import ledger
from apps.profiles.holdings import ProfileRows, register
from apps.segments import memberships
from apps.segments.models import Membership


@register
class Memberships(ProfileRows):
    """The segments that somebody is in, and was. Erased with the profile, and nobody is told: there is nobody who left.

    An anonymous profile that takes its place is evaluated anew.
    """

    name, title, models = "segments", "Groups that the person belongs to, or did, since when and why", (Membership,)
    is_at_once = True


ledger.followers.register(Membership._meta.label, memberships.adopt)
