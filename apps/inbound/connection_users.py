"""The bridges that read by a connection."""

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from django.urls import reverse

from apps.bridges.users import User, users
from apps.inbound.models import Bridge


def _bridges(connection_ids: Iterable[UUID]) -> dict[UUID, list[User]]:
    found: dict[UUID, list[User]] = defaultdict(list)
    rows = Bridge.objects.filter(connection_id__in=list(connection_ids)).order_by("name")
    for pk, name, connection_id in rows.values_list("pk", "name", "connection_id"):
        found[connection_id].append(User(f"Bridge {name}", reverse("admin:inbound_bridge_change", args=[pk])))
    return found


users.register("bridges", _bridges)
