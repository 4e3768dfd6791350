"""After this stage session and profile know the device, place, language, campaign and referrer of the track."""

import copy
from typing import Any

from apps.collector.track import Batch, Track
from apps.profiles.models import Profile
from apps.profiles.provenance import entry, take
from apps.sessions.agent import describe
from apps.sessions.campaign import campaign_of
from apps.sessions.language import languages_of
from apps.sessions.models import Session
from apps.sessions.page import page_of
from apps.sessions.place import locate

NO_PLACES = ("utc", "etc", "gmt")


def enrich(batch: Batch) -> None:
    """Describe what clients said of themselves; no query, and nothing that is missing or odd stops an event."""
    for track in batch.going:
        session = track.session
        if session:
            if track.is_new_session:
                _describe_device(session, track)
            if not session.geo:
                session.geo = _place_of(track)
                session.country = _country_of(session.geo)
            session.merge_context(track.context, track.properties)
            _record_arrival(session, track)
        if track.profile:
            _describe_person(track.profile, track, geo=session.geo if session else _place_of(track))


def _record_arrival(session: Session, track: Track) -> None:
    for event in track.going:
        if event.is_system:
            continue
        page = page_of(event.context, track.context)
        if not session.utm:
            session.utm = campaign_of({**track.context, **event.context}, page.get("url", ""))
        session.referrer = session.referrer or page.get("referrer", "")


def _describe_device(session: Session, track: Track) -> None:
    agent = describe(track.user_agent) if track.user_agent else None
    screen = _object(_object(track.context.get("screen")).get("local"))
    said = _object(track.context.get("device"))
    named = {name: said[name] for name in ("name", "brand", "model", "type") if said.get(name)}
    session.device = {**(agent.device if agent else {}), **named}
    if screen.get("width") and screen.get("height"):
        session.device["resolution"] = f"{screen['width']}x{screen['height']}"
    for ours, theirs in (("color_depth", "colorDepth"), ("orientation", "orientation")):
        if screen.get(theirs):
            session.device[ours] = screen[theirs]
    session.os = agent.os if agent else {}
    session.app = agent.app if agent else {}
    session.is_bot = agent.is_bot if agent else False
    browser = _object(_object(_object(track.context.get("browser")).get("local")).get("browser"))
    language = browser.get("language") or track.context.get("locale") or next(iter(_languages(track)), "")
    session.language = language if isinstance(language, str) else ""


def _place_of(track: Track) -> dict[str, Any]:
    said = _object(track.context.get("location"))
    return said or (locate(track.ip) if track.ip else {})


def _country_of(geo: dict[str, Any]) -> str:
    country = geo.get("country")
    code = country.get("code") if isinstance(country, dict) else country
    return code.upper() if isinstance(code, str) else ""


def _describe_person(profile: Profile, track: Track, *, geo: dict[str, Any]) -> None:
    """Note where somebody is and what he reads, unless something later is known already."""
    zone = _object(track.context.get("time")).get("tz") or track.context.get("timezone")
    spoken = list(_languages(track))
    if not (geo or zone or spoken):
        return
    latest = max(track.going, key=lambda event: event.happened_at)
    said = entry(time=latest.happened_at, setter=latest.id, source=track.source.id)
    if geo and take(profile.provenance, "data.devices.last.geo", said):
        # A copy: events change it, and the session's, or the look-up's memory, must not change with it.
        profile.data.setdefault("devices", {}).setdefault("last", {})["geo"] = copy.deepcopy(geo)
    country = _country_of(geo)
    if country and take(profile.provenance, "country", said):
        profile.country = country
    if isinstance(zone, str) and zone and take(profile.provenance, "aux.geo.time_zone", said):
        aux_geo = profile.aux.setdefault("geo", {})
        aux_geo["time_zone"] = zone
        continent = zone.partition("/")[0]
        if continent.lower() not in NO_PLACES:
            aux_geo["continent"] = continent
            profile.provenance["aux.geo.continent"] = said
    if spoken and take(profile.provenance, "aux.languages", said):
        profile.aux["languages"] = spoken


def _languages(track: Track) -> tuple[str, ...]:
    return languages_of(track.accept_language) if track.accept_language else ()


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
