"""After this stage session and profile know the device, place, language, campaign and referrer of the payload."""

import copy
from typing import Any

from apps.collector.payload import Batch, Payload
from apps.profiles.models import Profile
from apps.profiles.provenance import Entry, entry, take
from apps.sessions.accept_language import languages_of, tag_of
from apps.sessions.campaign import campaign_of
from apps.sessions.client import describe_client
from apps.sessions.models import Session
from apps.sessions.place import locate
from apps.sessions.region import continent_of, country_code
from apps.sessions.short import MAX_NUMBER, MAX_PLACE_BYTES, MAX_TEXT, MAX_ZONE, fitting, scalar, text
from apps.sessions.visited_page import VIEWS, cleaned, cleaned_context, page_of

TOO_MUCH = (
    "It was left out: a session keeps only so much as it was sent. What it says of device, system, place and campaign"
    f" is kept all the same, each text cut to {MAX_TEXT} characters."
)


def enrich(batch: Batch) -> None:
    """Describe what clients said of themselves; no query, and nothing that is missing or odd stops an event."""
    for payload in batch.going:
        if payload.keeps_decisions_only:
            continue
        if payload.mentions != "":
            _hide_credentials(payload)
        session = payload.session
        if session:
            _describe_session(session, payload)
        if not payload.saves_session and payload.session_key is None:
            _keep_context(payload)
        if payload.profile and (session or payload.tells_of_client):
            _describe_person(payload.profile, payload, geo=session.geo if session else _place_of(payload))


def _hide_credentials(payload: Payload) -> None:
    """Take passwords out of the addresses of pages, where they stand before an @; nobody wants them here."""
    payload.context = cleaned_context(payload.context)
    for event in payload.going:
        event.context = cleaned_context(event.context)
        if event.type in VIEWS and event.properties:
            event.properties = cleaned(event.properties)


def _keep_context(payload: Payload) -> None:
    """Let events keep what no session keeps for them; a client that forbids to keep its session forbids that, too."""
    for event in payload.going:
        if not event.is_system:
            event.context = {**payload.context, **event.context}


def _describe_session(session: Session, payload: Payload) -> None:
    # One that began with a decision is described once consents allow it.
    if payload.is_new_session or (payload.source.required_consents and not session.device):
        _describe_device(session, payload)
    if not session.geo:
        session.geo = _place_of(payload)
        session.country = _country_of(session.geo)
    for name in session.merge_context(payload.context, payload.properties):
        payload.going[0].problems.append({"field": f"session.{name}", "message": TOO_MUCH})
    _record_arrival(session, payload)


def _record_arrival(session: Session, payload: Payload) -> None:
    for event in payload.going:
        if event.is_system:
            continue
        page = page_of(event.type, event.properties, event.context, payload.context)
        if not session.utm:
            session.utm = campaign_of({**payload.context, **event.context}, page.get("url", ""))
        session.referrer = session.referrer or page.get("referrer", "")


def _describe_device(session: Session, payload: Payload) -> None:
    client = describe_client(payload.user_agent, payload.context)
    session.device, session.os, session.app, session.is_bot = client
    screen = _object(_object(payload.context.get("screen")).get("local"))
    width, height = text(screen.get("width"), MAX_NUMBER), text(screen.get("height"), MAX_NUMBER)
    if screen.get("width") and screen.get("height") and width and height:
        session.device["resolution"] = f"{width}x{height}"
    for ours, theirs in (("color_depth", "colorDepth"), ("orientation", "orientation")):
        said = scalar(screen.get(theirs))
        if said:
            session.device[ours] = said
    browser = _object(_object(_object(payload.context.get("browser")).get("local")).get("browser"))
    locale = text(browser.get("language") or payload.context.get("locale"))
    session.language = tag_of(locale) or next(iter(_languages(payload)), "")


def _place_of(payload: Payload) -> dict[str, Any]:
    location = _object(payload.context.get("location"))
    said = fitting(location, MAX_PLACE_BYTES) if location else {}
    return said or (locate(payload.ip) if payload.ip else {})


def _country_of(geo: dict[str, Any]) -> str:
    """Return the code of the country, whether the client says code or name; empty if it is none."""
    country = geo.get("country")
    said = (country.get("code"), country.get("name")) if isinstance(country, dict) else (country,)
    return next((code for text in said if isinstance(text, str) and (code := country_code(text))), "")


def _describe_person(profile: Profile, payload: Payload, *, geo: dict[str, Any]) -> None:
    """Note where somebody is and what they read, unless something later is known already."""
    zone = _zone_of(payload)
    spoken = _languages(payload)
    if not (geo or zone or spoken):
        return
    latest = max(payload.going, key=lambda event: event.happened_at)
    said = entry(time=latest.happened_at, setter=latest.id, source=payload.source.id)
    if geo and take(profile.provenance, "data.devices.last.geo", said):
        # A copy: events change it, and the session's, or the look-up's memory, must not change with it.
        profile.data.setdefault("devices", {}).setdefault("last", {})["geo"] = copy.deepcopy(geo)
    country = _country_of(geo)
    if country and take(profile.provenance, "country", said):
        profile.country = country
    if zone and take(profile.provenance, "aux.geo.time_zone", said):
        _set_zone(profile, zone, said)
    if spoken and take(profile.provenance, "aux.languages", said):
        profile.aux["languages"] = list(spoken)


def _zone_of(payload: Payload) -> str:
    said = _object(payload.context.get("time")).get("tz") or payload.context.get("timezone")
    return text(said, MAX_ZONE) if isinstance(said, str) else ""


def _set_zone(profile: Profile, zone: str, said: Entry) -> None:
    """Note a time zone, and the continent that it names."""
    place = profile.aux.setdefault("geo", {})
    place["time_zone"] = zone
    continent = continent_of(zone)
    if continent:
        place["continent"] = continent
        profile.provenance["aux.geo.continent"] = said


def _languages(payload: Payload) -> tuple[str, ...]:
    return languages_of(payload.accept_language) if payload.accept_language else ()


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
