"""The pages of what was refused in the admin's menu: they send it through the pipeline again."""

from apps.core.menu import COLLECTING, entry
from apps.events.models import RefusalCount, RefusedEvent

entry(RefusedEvent, COLLECTING, 380, icon="block")
entry(RefusalCount, COLLECTING, 390, icon="data_usage", title="Refusals by day")
