"""The pages of bridges in the admin's menu."""

from apps.core.menu import COLLECTING, entry
from apps.inbound.models import Bridge, BridgeDeadLetter

entry(Bridge, COLLECTING, 315, icon="input")
entry(BridgeDeadLetter, COLLECTING, 375, icon="dangerous", title="Dead letters of bridges")
