"""How bridges look: what they read, how they go, who reads, and how far they are."""

from typing import Any, Final

import orjson
from django.contrib.humanize.templatetags.humanize import naturaltime
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core import audit
from apps.core.admin.shown import NOTHING, badge
from apps.core.mistakes import DefinitionError
from apps.core.typed_settings import SettingsError, read
from apps.inbound import seeking
from apps.inbound.bridge_kind import Seek, To, kinds
from apps.inbound.bridge_status import Health, Status
from apps.inbound.models import Bridge, Consumer
from apps.inbound.opening import kind_of

COLOURS: Final = {Health.WELL: "green", Health.WAITS: "amber", Health.FAILED: "red"}
STATE_COLOURS: Final = {
    Consumer.State.READING: "green",
    Consumer.State.FAILED: "red",
    Consumer.State.PAUSED: "grey",
    Consumer.State.STANDBY: "blue",
}
N_PLACES: Final = 100


def kind_title(row: Bridge) -> str:
    """Say what a bridge is, as people call it."""
    return kinds[row.kind].title if row.kind in kinds else row.kind


def reads(row: Bridge) -> str | SafeString:
    """Say in short what it reads."""
    try:
        kind = kind_of(row)
        return kind.reads(read(kind.settings, row.settings)) or NOTHING
    except (DefinitionError, SettingsError):
        return NOTHING


def mark(status: Status) -> SafeString:
    """Show in a word how a bridge goes."""
    return badge(status.state, "grey" if status.state in ("off", "paused") else COLOURS[status.health])


def state(status: Status) -> SafeString:
    """Show how a bridge goes, with a sentence where there is more to know."""
    shown = mark(status)
    return format_html("{} {}", shown, status.told) if status.told else shown


def waiting(status: Status) -> str | SafeString:
    """Show how much waits at the broker, and since when."""
    if status.n_waiting is None and status.oldest_at is None:
        return NOTHING
    number = "" if status.n_waiting is None else f"{status.n_waiting:,}"
    if status.oldest_at is None or not status.n_waiting:
        return number
    return format_html("{} <small>the oldest is of {}</small>", number, naturaltime(status.oldest_at))


def rate(status: Status) -> str | SafeString:
    """Show how many messages come in a second."""
    return f"{status.per_sec:,.1f}" if status.per_sec else NOTHING


def dead_letters(row: Bridge, status: Status) -> str | SafeString:
    """Lead to what could not be taken."""
    if not status.n_dead:
        return NOTHING
    address = f"{reverse('admin:inbound_bridgedeadletter_changelist')}?bridge={row.pk}"
    return format_html('<a class="cdp-link" href="{}">{}</a>', address, f"{status.n_dead:,}")


def context(row: Bridge, status: Status, *, may_see_dead: bool) -> dict[str, Any]:
    """Return what stands above the form of a bridge, and is kept up to date there."""
    return {
        "row": row,
        "status": status,
        "badge": state(status),
        "wish": told_of(wish) if (wish := seeking.wished(row)) else "",
        "dead": dead_letters(row, status) if may_see_dead else f"{status.n_dead:,}",
        "lines": [(each, _of_consumer(row, each)) for each in status.consumers],
        "place": kinds[row.kind].place if row.kind in kinds else "place",
    }


def positions(row: Bridge) -> dict[str, Any]:
    """Return how far it is in each place: the first of them."""
    found = list(row.positions.order_by("place")[: N_PLACES + 1])
    lines = [(each.place or "all", orjson.dumps(each.position).decode()) for each in found[:N_PLACES]]
    return {"positions": lines, "has_more": len(found) > N_PLACES}


def told_of(seek: Seek) -> str:
    """Say where a bridge is sent to."""
    if seek.to is To.TIME and seek.at:
        return f"from {timezone.localtime(seek.at):%Y-%m-%d %H:%M:%S} on"
    if seek.to is To.POSITION:
        return f"from {seek.position} on" + (f" in {seek.place}" if seek.place else "")
    return {To.BEGINNING: "from the beginning"}.get(seek.to, "from what comes from now on")


def settings_of(row: Bridge) -> dict[str, Any]:
    """Return what was set, for people who only look: conditions without what they ask for."""
    return {"settings": row.settings, "mapping": audit.without_values(row.mapping)}


def _of_consumer(row: Bridge, consumer: Consumer) -> SafeString:
    """Show what a process does; that it is to rest, it sees in a moment."""
    if (row.paused_at or not row.is_enabled) and consumer.state != Consumer.State.PAUSED:
        return badge("about to stop", "grey")
    colour = STATE_COLOURS.get(Consumer.State(consumer.state), "amber")
    return badge(consumer.get_state_display().lower(), colour)
