"""What the tables of this app hold of people."""

from apps.bridges.models import Delivery
from apps.profiles.holdings import RawRows, register


@register
class Deliveries(RawRows):
    """What was sent, or is to be, because of the person: with them it goes, and what waits is not sent any more."""

    name, title, models = "deliveries", "Messages about the person that were sent, or are to be", (Delivery,)
    omitted = ("id", "leases", "attempts", "key", "dead_at", "connection_id", "origin_id", "parent_id")
    is_at_once = True
