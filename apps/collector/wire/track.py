"""The `/track` dialect: one payload of a browser tracker or a server, several events of one session."""

from typing import Any
from uuid import UUID

from django.conf import settings

from apps.collector.envelope import Envelope
from apps.collector.payload import Payload, PayloadEvent, Sent
from apps.collector.wire.body import Json, Malformed, check, flag_of, id_of, object_of, optional_id, shared, text_of
from apps.collector.wire.parsed import Parsed
from apps.core.ids import as_uuid, digest
from apps.core.refusal import Refusal
from apps.events.models import InboxItem
from apps.profiles.identity import Claim
from apps.sessions.short import text


def source_of(body: Any) -> str:
    """Read which source a body names. Raises Malformed naming the field."""
    if not isinstance(body, dict):
        raise Malformed(Refusal("invalid_type", "The body must be a JSON object."))
    source = object_of(body.get("source"), "source")
    name = text_of(source.get("id"), "source.id")
    if name is None:
        raise Malformed(Refusal("required", "source.id is required.", "source.id"))
    return name


def read(json: Json, envelope: Envelope) -> Parsed:
    """Read a body into its one payload; events that are wrong in themselves carry their refusal.

    Raises Malformed when no event of it can be saved.
    """
    body, is_suspect, mentions = json
    if not isinstance(body, dict):
        raise Malformed(Refusal("invalid_type", "The body must be a JSON object."))
    events = body.get("events")
    if events is None:  # as trackers say that nothing has happened
        events = []
    if not isinstance(events, list):
        raise Malformed(Refusal("invalid_type", "events must be a list.", "events"))
    if len(events) > settings.MAX_EVENTS_PER_REQUEST:
        message = f"events holds more than {settings.MAX_EVENTS_PER_REQUEST} events."
        raise Malformed(Refusal("too_many", message, "events"))
    beside = shared(body, ("context", "properties"), n_events=len(events), is_suspect=is_suspect)
    context = object_of(body.get("context"), "context")
    options, notes = _options(body.get("options"))
    source = envelope.source
    session_ref = reference(body.get("session"), "session.id")
    payload = Payload(
        source=source,
        received_at=envelope.received_at,
        events=[_event(event, index, beside, is_suspect=is_suspect) for index, event in enumerate(events)],
        claim=_claim(body.get("profile"), trusts_ids=source.trusts_ids),
        session_ref=session_ref,
        session_key=session_key(session_ref),
        device_key=_device_key(body.get("device")),
        context=context,
        properties=object_of(body.get("properties"), "properties"),
        request_id=envelope.request_id,
        sent=Sent(InboxItem.Dialect.TRACK, envelope, body, "events"),
        ip=envelope.ip,
        user_agent=_user_agent(context) or envelope.user_agent,
        accept_language=envelope.accept_language,
        is_whole=envelope.is_whole,
        recorded=envelope.recorded,
        is_profileless=envelope.is_profileless,
        is_silent=_is_on(options, "historical"),
        asks=_is_on(options, "answer"),
    )
    payload.mentions = mentions
    keep_by_option(payload, options)
    return Parsed(
        payloads=[payload],
        is_debugged=_is_on(options, "debugger"),
        is_asynchronous=_is_on(options, "async") or source.is_asynchronous,
        notes=notes,
    )


def _claim(profile: Any, *, trusts_ids: bool) -> Claim:
    """Read whom a payload is about. A customer number proves who somebody is: only a trusted source may say one."""
    profile_ref = profile_key(reference(profile, "profile.id"), trusts_ids=trusts_ids)
    user_id = reference(profile, "profile.user_id") if trusts_ids else None
    return Claim(profile_ref=profile_ref, user_id=user_id, trusts_ids=trusts_ids)


def keep_by_option(payload: Payload, options: dict[str, Any]) -> None:
    """Apply what client and source say about storing. Raises Malformed naming an option that says neither."""
    kept = payload.source.is_ephemeral is False
    payload.saves_events = _is_on(options, "saveEvents", default=True) and kept
    # A payload without a session gets one for its own duration only.
    payload.saves_session = _is_on(options, "saveSession", default=True) and kept and payload.session_key is not None
    payload.saves_profile = _is_on(options, "saveProfile", default=True)


def _options(said: Any) -> tuple[dict[str, Any], list[Refusal]]:
    """Read the options; clients send anything here, of which they are told, and which stops nothing."""
    try:
        return object_of(said, "options"), []
    except Malformed as error:
        return {}, [error.refusal]


def _is_on(options: dict[str, Any], name: str, *, default: bool = False) -> bool:
    return flag_of(options[name], f"options.{name}", default=default) if name in options else default


def session_key(reference: str | None) -> UUID | None:
    """Turn the client's session id into ours: itself when it is a UUID, otherwise its hash."""
    return (as_uuid(reference) or digest("session", reference)) if reference else None


def profile_key(reference: str | None, *, trusts_ids: bool) -> UUID | None:
    """Turn the client's profile id into ours; without trust only a UUID can be one that we gave out."""
    if not reference:
        return None
    return as_uuid(reference) or (digest("profile", reference) if trusts_ids else None)


def reference(value: Any, path: str) -> str | None:
    """Read the id in an object such as `session`, by its path. Raises Malformed naming the path."""
    holder, _, name = path.partition(".")
    return id_of(object_of(value, holder).get(name), path)


def _device_key(device: Any) -> UUID | None:
    """Hash the id that a browser tracker made for its device, where it is one; clients send anything here."""
    name = optional_id(device.get("id")) if isinstance(device, dict) else None
    return digest("device", name) if name else None


def _user_agent(context: dict[str, Any]) -> str:
    found: Any = context
    for name in ("browser", "local", "browser", "userAgent"):
        found = found.get(name) if isinstance(found, dict) else None
    return text(found)


def _event(event: Any, index: int, beside: int, *, is_suspect: bool) -> PayloadEvent:
    path = f"events.{index}"
    try:
        if not isinstance(event, dict):
            raise Malformed(Refusal("invalid_type", f"{path} must be an object.", path))
        refusal = check(event, path, beside=beside) if is_suspect else None
        if refusal:
            raise Malformed(refusal)
        return _read_event(event, index, path)
    except Malformed as error:
        found = error.refusal
        refusal = Refusal(found.code, found.message, found.field, index)
        return PayloadEvent(type="", index=index, sent=event, refusal=refusal)


def _read_event(event: dict[str, Any], index: int, path: str) -> PayloadEvent:
    event_type = event.get("type")
    if not isinstance(event_type, str) or not event_type.strip():
        raise Malformed(Refusal("required", f"{path}.type must be a text that is not empty.", f"{path}.type"))
    tags, is_all = _tags(event.get("tags"))
    read = PayloadEvent(
        type=event_type,
        index=index,
        message_id=id_of(event.get("id"), f"{path}.id"),
        properties=object_of(event.get("properties"), f"{path}.properties"),
        context=object_of(event.get("context"), f"{path}.context"),
        tags=tags,
        claimed_time=_claimed_time(event.get("time")),
        sent=event,
    )
    if not is_all:
        read.problems.append({"field": "tags", "message": "The tags must be a list of texts: the rest was left out."})
    return read


def _tags(said: Any) -> tuple[list[str], bool]:
    """Read tags, one or many; tell whether that is all that was said. Lists with gaps are objects to PHP."""
    if said in (None, "", [], {}):
        return [], True
    if isinstance(said, dict) and all(key.isdecimal() for key in said):
        said = list(said.values())
    said = said if isinstance(said, list) else [said]
    tags = [tag if isinstance(tag, str) else str(tag) for tag in said if type(tag) in (str, int)]
    return tags, len(tags) == len(said)


def _claimed_time(time: Any) -> Any:
    if time == []:  # an object without entries, by PHP
        return None
    if not isinstance(time, dict):
        return time
    return time["create"] if time.get("create") is not None else time.get("insert")
