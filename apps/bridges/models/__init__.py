"""What leads out of the house: connections, and what is sent to them."""

from apps.bridges.models.connection import Connection
from apps.bridges.models.delivery import Delivery

__all__ = ["Connection", "Delivery"]
