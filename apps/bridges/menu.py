"""The pages of what leaves the house in the admin's menu."""

from apps.bridges.models import Connection, Delivery
from apps.core.menu import OPERATIONS, entry

entry(Connection, OPERATIONS, 506, icon="cable")
entry(Delivery, OPERATIONS, 507, icon="outgoing_mail")
