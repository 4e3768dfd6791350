"""What a definition says, in words: by what people enter, how often, what makes them leave, and what counts as success.

It reads documents that may have mistakes, and never fails: who wrote them is to see what they come to.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from apps.conditions.durations import in_words
from apps.core import typed_settings
from apps.flows.definition.parts import Options
from apps.flows.models import Flow
from apps.flows.triggers.entry import Why

MAX_SHOWN: Final = 120  # characters of a value
_EVERY_SECS: Final = typed_settings.read(Options, {}).every_secs
_YEARLY: Final = {"feb28": "28 February", "mar1": "1 March"}


def begins(kind: str, document: Any) -> list[str]:
    """Say what begins a flow of a kind: what lets people enter, or how often everybody goes through."""
    if kind != Flow.Kind.SEGMENTATION:
        return triggers(document)
    secs = document.get("every_secs", _EVERY_SECS) if isinstance(document, Mapping) else _EVERY_SECS
    return [f"Everybody goes through it, again every {length(secs).removeprefix('1 ')}; nobody stays in it."]


def triggers(document: Any) -> list[str]:
    """Say by what people enter, a sentence for each trigger."""
    return [trigger(each) for each in _objects(document, "triggers")]


def trigger(each: Mapping[str, Any]) -> str:
    """Say by what a trigger lets people enter."""
    words = _TRIGGERS.get(str(each.get("kind")))
    said = words(each) if words else f"By {each.get('kind') or 'nothing'}, which there is not"
    condition = str(each.get("condition") or "").strip()
    return f"{said}, if {condition}." if condition else f"{said}."


def entry(document: Any) -> list[str]:
    """Say how often somebody enters, with which consents, and what makes them leave."""
    return list(_entry(document if isinstance(document, Mapping) else {}))


def ends(document: Any) -> list[str]:
    """Say what makes people leave before the end, and what counts as success."""
    found = [f"Leaves at once when {_happens(each)}." for each in _objects(document, "exits")]
    return [*found, *(_goal(each) for each in _objects(document, "goals"))]


def why_not(reason: str) -> str:
    """Say why somebody did not enter, by the reason that triggers tell."""
    return _WHY_NOT.get(reason, reason)


def why_not_nobody(reason: str) -> str:
    """Say why a run about nobody did not begin."""
    if reason == Why.CONSENT:
        return "the flow asks for a consent, which only a person can give: name a person, or a segment"
    return why_not(reason)


def value(found: Any) -> str:
    """Write a value of a definition, shortened."""
    if found is None or found in ("", [], {}):
        return "nothing"
    if isinstance(found, bool):
        return "yes" if found else "no"
    return shortened(f"“{found}”" if isinstance(found, str) else json.dumps(found, ensure_ascii=False))


def shortened(text: str) -> str:
    """Cut off what is too long to be read in passing."""
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


def length(secs: Any) -> str:
    """Write seconds in words; what is no number as it is."""
    is_length = isinstance(secs, int | float) and not isinstance(secs, bool) and 0 < secs < 10**11
    return in_words(timedelta(seconds=int(secs))) if is_length else value(secs)


def _entry(document: Mapping[str, Any]) -> Iterator[str]:
    rules = document.get("entry")
    rules = rules if isinstance(rules, Mapping) else {}
    key = rules.get("key")
    each = f" for each {key}" if key else ""
    match rules.get("frequency") or "every":
        case "once":
            yield f"Each person enters once{each}, ever."
        case "interval":
            yield f"Each person enters once in {length(rules.get('interval_secs'))}{each}."
        case _:
            yield f"Each person enters once{each}." if key else "Each person enters every time."
    if rules.get("max_live"):
        yield f"At most {rules['max_live']} at once of one person."
    consents = document.get("consents")
    if isinstance(consents, list) and consents:
        yield f"Only who agrees to {' and '.join(map(str, consents))}; who withdraws it leaves at once."


def _goal(each: Mapping[str, Any]) -> str:
    within = f" within {length(each['within_secs'])}" if each.get("within_secs") else ""
    after = ", and ends the run" if each.get("ends_run", True) else ""
    return f"Goal {value(each.get('name') or each.get('id'))}: {_event(each)}{within}{after}."


def _happens(each: Mapping[str, Any]) -> str:
    of_type, when = str(each.get("event_type") or ""), _when(each)
    if not of_type:
        return f"it is so that {when}" if when else "anything happens"
    return f"{of_type} happens where {when}" if when else f"{of_type} happens"


def _event(each: Mapping[str, Any]) -> str:
    of_type, when = str(each.get("event_type") or ""), _when(each)
    if not of_type:
        return f"it is so that {when}" if when else "anything"
    return f"{of_type} where {when}" if when else of_type


def _when(each: Mapping[str, Any]) -> str:
    match = each.get("match")
    same = [f"{path} is {other}" for path, other in match.items()] if isinstance(match, Mapping) else []
    condition = [str(each["condition"])] if each.get("condition") else []
    return " and ".join([*same, *condition])


def _on_event(each: Mapping[str, Any]) -> str:
    late = f", at most {length(each['max_age_secs'])} late" if each.get("max_age_secs") else ""
    return f"When {each.get('event_type') or 'an event'} happens{late}"


def _on_segment(each: Mapping[str, Any]) -> str:
    is_left = each.get("change") == "left"
    now = ", and at once whoever is in it" if each.get("includes_members") and not is_left else ""
    return f"When somebody {'leaves' if is_left else 'enters'} the segment {each.get('segment')}{now}"


def _on_consent(each: Mapping[str, Any]) -> str:
    verb = "withdraws" if each.get("state") == "withdrawn" else "gives"
    return f"When somebody {verb} the consent {each.get('consent')}"


def _on_date(each: Mapping[str, Any]) -> str:
    days = each.get("offset_days")
    days = days if isinstance(days, int) else 0
    away = _away(days) if days else "On"
    yearly = ", each year" if each.get("yearly") else ""
    leap = f" (29 February: {_YEARLY.get(str(each.get('leap')), each.get('leap'))})" if each.get("leap") else ""
    at = f" at {each.get('at') or '09:00'} where they are"
    return f"{away} the date in {each.get('field')}{yearly}{at}{leap if yearly else ''}"


def _away(days: int) -> str:
    return f"{abs(days)} day{'' if abs(days) == 1 else 's'} {'before' if days < 0 else 'after'}"


def _on_schedule(each: Mapping[str, Any]) -> str:
    whom = f"for everybody in {each['segment']}" if each.get("segment") else "once, about nobody"
    return f"At the times of {each.get('cron')}, {whom}"


_TRIGGERS: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "event": _on_event,
    "segment": _on_segment,
    "field": lambda each: f"When {each.get('field')} changes",
    "consent": _on_consent,
    "date": _on_date,
    "schedule": _on_schedule,
    "webhook": lambda each: f"When {each.get('event_type') or 'an event'} arrives, about nobody",
    "manual": lambda each: "By hand, or by the API",
}


_WHY_NOT: Final[Mapping[str, str]] = {
    Why.SILENT: "it was sent as history",
    Why.LATE: "it happened too long ago",
    Why.CONDITION: "the condition does not hold",
    Why.CONSENT: "they lack a consent",
    Why.NO_KEY: "nothing says the key of their run",
    Why.FAILS: "the condition or the key cannot be worked out of what they did",
    Why.ALREADY: "they were in it before",
    Why.TOO_SOON: "they were in it too short a while ago",
    Why.FULL: "they are in it as often as may be at once",
    Why.TOO_DEEP: "flows have started each other too often",
}


def _objects(document: Any, name: str) -> list[Mapping[str, Any]]:
    found = document.get(name) if isinstance(document, Mapping) else None
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []
