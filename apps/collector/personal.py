"""What waits in the inbox of people: messages that were set aside, and may stay there."""

import json
from collections.abc import Iterator
from typing import Any

from apps.collector.envelope import Envelope
from apps.collector.payload import Payload
from apps.collector.wire import Message
from apps.collector.wire.body import Malformed, load_json
from apps.collector.wire.sdk import BATCH
from apps.core import keyset
from apps.events import sources
from apps.events.models import InboxItem
from apps.events.store.emitting import EMISSIONS
from apps.profiles.holdings import Holding, Person, register

_PAGE = 100  # bodies may be large


@register
class DeadLetters(Holding):
    """Messages that could not be processed, with the parts of them that are about the person.

    Those that still wait are left alone: they are refused when their turn comes, for what they tell happened before.
    """

    name, title, models = "dead_letters", "Messages about the person that could not be processed", (InboxItem,)

    def rows(self, person: Person) -> Iterator[dict[str, Any]]:
        """Yield what is about the person in each message."""
        for item, theirs, _ in _found(person):
            yield {"received_at": item.received_at, "source_id": item.source_id, "messages": theirs}

    def erase(self, person: Person, *, limit: int) -> int:
        """Take out what is about the person; the parts that are about others stay."""
        n_erased = 0
        for item, theirs, others in _found(person):
            if others:
                _keep_only(item, others)
            else:
                item.delete()
            n_erased += len(theirs)
        return n_erased


def _keep_only(item: InboxItem, others: dict[int, Any]) -> None:
    """Keep the messages of others, by their place, and let refusals follow them to their new places."""
    body = load_json(item.body.encode()).value
    item.body = json.dumps({**body, _list_of(item): list(others.values())})
    places = list(others)
    refused = [each for each in item.envelope.get("refused", ()) if each["index"] in places]
    moved = [{**each, "index": places.index(each["index"])} for each in refused]
    item.envelope = {**item.envelope, "refused": moved}
    item.save(update_fields=["body", "envelope"])


def _found(person: Person) -> Iterator[tuple[InboxItem, list[Any], dict[int, Any]]]:
    """Yield (item, their messages, those of others by their place) of each item that has some of theirs."""
    for item in keyset.rows(InboxItem.objects.exclude(dead_at=None, retry_at=None), "id", size=_PAGE):
        parts = [(message, _is_theirs(message, payload, person)) for message, payload in _parts(item)]
        theirs = [message for message, is_theirs in parts if is_theirs]
        if theirs:
            yield item, theirs, {place: message for place, (message, is_theirs) in enumerate(parts) if not is_theirs}


def _parts(item: InboxItem) -> list[tuple[Any, Payload | None]]:
    """Split an item into messages and what they were read to; one that cannot be read is one message, as it came."""
    source = sources.find(str(item.source_id))
    if source is None:
        return [(item.body, None)]
    envelope = Envelope(source, item.received_at, **item.envelope)
    try:
        body = load_json(item.body.encode()).value
        payloads = Message(item.dialect, item.body.encode(), envelope).parse().payloads
    except Malformed:
        return [(item.body, None)]
    name = _list_of(item)
    return list(zip(body[name] if name else [body], payloads, strict=True))


def _list_of(item: InboxItem) -> str:
    """Name the list of a body that holds its messages; empty where it is one."""
    if item.dialect == InboxItem.Dialect.PLATFORM:
        return EMISSIONS
    is_batch = item.dialect == InboxItem.Dialect.SDK and item.envelope.get("call") == BATCH
    return BATCH if is_batch else ""


def _is_theirs(message: Any, payload: Payload | None, person: Person) -> bool:
    if payload and not set(person.keys).isdisjoint(payload.keys):
        return True
    text = message if isinstance(message, str) else _json(message)
    return any(_json(str(each)) in text for each in (*person.texts, *person.raw_ids))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
