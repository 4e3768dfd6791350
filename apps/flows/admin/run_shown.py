"""What the page of a run shows: the way that somebody went, what they wait for, and what came with them."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.bridges.admin import delivery_shown
from apps.bridges.models import Delivery
from apps.core.admin.shown import NOTHING, link, moment, rows, tree
from apps.core.spans import in_words
from apps.flows.admin.shown import flow_link, names_in, node_name
from apps.flows.describing import run_path, words
from apps.flows.models import Flow, Run, Step, Wait
from apps.flows.runs import pending
from apps.flows.runs.leaving import ORIGIN
from apps.profiles import consents

N_STEPS: Final = 200
SEES_DELIVERIES: Final = "bridges.view_delivery"
HIDDEN: Final = "hidden: personal data"


def flow_of(row: Run) -> SafeString:
    """Link to the flow of a run, with the version."""
    return format_html('{} <small class="cdp-none">version {}</small>', flow_link(row.flow), row.version.number)


def goes_on(row: Run) -> SafeString | str:
    """Show when somebody goes on at the latest."""
    if row.status != Run.Status.LIVE:
        return NOTHING
    if row.dead_at:
        return "never: it was given up"
    if row.due_at is None or row.flow.state == Flow.State.PAUSED:
        return "when the flow does: it is paused"
    if not row.error and not pending.waits_for_time(row):
        return "as soon as what they wait for has happened"
    return moment(row.due_at)


def entered_by(row: Run) -> str:
    """Say by which trigger somebody entered."""
    triggers = row.version.definition.get("triggers", [])
    found = next((each for each in triggers if each.get("id") == row.trigger), None)
    if found:
        return words.trigger({**found, "condition": ""})
    return "Another flow started it." if row.parent_id else row.trigger or "By hand."


def steps(row: Run, *, sees_all: bool) -> SafeString:
    """Show the way that somebody went: with all that was kept where the run is traced, else where and when."""
    names = names_in(row)
    traced = list(Step.objects.filter(run_id=row.pk).order_by("id")[:N_STEPS]) if row.is_traced else []
    lines = list(_traced(row, traced, names, sees_all=sees_all)) if traced else list(_path(row, names))
    return render_to_string("flows/run_steps.html", {"lines": lines, "is_traced": bool(traced), "run": row})


def waits(row: Run) -> SafeString:
    """Show what somebody waits for."""
    names = names_in(row)
    lines: list[tuple[Any, Any, Any]] = []
    for token in _waiting(row):
        until = _moment(token["wait"].get("until"))
        what = format_html("until {}", moment(until + row.behind)) if until else "for what happens"
        lines.append((node_name(token["node"], names), what, ""))
    of_consents = _types_of_consents(row)
    if of_consents and row.status == Run.Status.LIVE:
        agreed = " or ".join(map(str, row.version.definition["consents"]))
        lines.append((_KINDS[Wait.Kind.EXIT], f"withdrawing {agreed}", ""))
    for wait in Wait.objects.filter(run_id=row.pk).order_by("id"):
        if _is_told(wait, row, of_consents):
            continue
        lines.append((_KINDS[Wait.Kind(wait.kind)], _waited(wait), format_html("{}", _until(wait))))
    return rows(lines)


def sent(row: Run, *, sees_all: bool) -> SafeString | str:
    """Show what a run has sent, and what became of it, with a link to each."""
    found = list(Delivery.objects.filter(origin=ORIGIN, origin_id=row.pk).order_by("id")[:N_STEPS])
    if not found or not sees_all:
        return HIDDEN if found else NOTHING
    return rows([(_delivery_link(each), delivery_shown.outcome(each), each.error[:200]) for each in found])


def memory(row: Run, *, sees_all: bool) -> SafeString | str:
    """Show what came with somebody, and what was kept on the way."""
    found = {
        "Event": row.state.get("event"),
        "Memory": row.state.get("memory"),
        "Payload": {token["node"]: token["payload"] for token in row.state.get("tokens", ()) if token.get("payload")},
    }
    kept = {name: value for name, value in found.items() if value}
    return tree(kept) if sees_all or not kept else HIDDEN


_KINDS: Final = {
    Wait.Kind.EVENT: "Goes on by",
    Wait.Kind.EXIT: "Leaves by",
    Wait.Kind.GOAL: "Goal",
    Wait.Kind.DELIVERY: "Sends",
    Wait.Kind.CHILD: "Started",
    Wait.Kind.SKIP: "Goes on",
}


_SAID: Final = {"input": "came with", "output": "goes on with", "wake": "goes on as"}
_WAKES: Final = {
    "TimedOut": "the time had come",
    "Met": "it has happened",
    "Delivered": "a delivery has ended",
    "Returned": "another flow has ended",
    "Skipped": "somebody let them skip the wait",
}


def _waited(wait: Wait) -> SafeString | str:
    match wait.kind:
        case Wait.Kind.DELIVERY:
            return link("bridges_delivery", wait.type, "a delivery")
        case Wait.Kind.CHILD:
            return link("flows_run", wait.type, "another flow")
        case Wait.Kind.SKIP:
            return "at once: somebody let them skip the wait"
    if wait.type == Wait.ANYTHING:
        return "whatever happens"
    same = ", ".join(f"{path} is {value}" for path, value in (wait.match or {}).items())
    return f"{wait.type} where {same}" if same else wait.type


def _until(wait: Wait) -> SafeString | str:
    return format_html("until {}", moment(wait.expires_at)) if wait.expires_at else ""


def _waiting(row: Run) -> Iterator[Mapping[str, Any]]:
    return (token for token in row.state.get("tokens", ()) if token.get("wait"))


def _delivery_link(row: Delivery) -> SafeString:
    return link("bridges_delivery", row.pk, delivery_shown.asks(row))


def _types_of_consents(row: Run) -> frozenset[str]:
    """Name the events that are waited for as they may withdraw a consent, and for nothing else."""
    said = row.version.definition
    by_rule = {each.get("event_type") for each in said.get("exits", ())}
    return frozenset(consents.EVENT_TYPES) - by_rule if said.get("consents") else frozenset()


def _is_told(wait: Wait, row: Run, of_consents: frozenset[str]) -> bool:
    """Tell whether a wait is told in other words, or is over: a goal that was reached is waited for no more."""
    if wait.kind == Wait.Kind.EXIT:
        return wait.type in of_consents
    goals = [each["id"] for each in row.version.definition.get("goals", ()) if each.get("event_type") == wait.type]
    return wait.kind == Wait.Kind.GOAL and bool(goals) and set(goals) <= set(row.state.get("goals", ()))


def _traced(row: Run, found: list[Step], names: Mapping[str, str], *, sees_all: bool) -> Iterator[dict[str, Any]]:
    there = {token["node"] for token in _waiting(row)} if row.status == Run.Status.LIVE else set()
    last = {step.node: step.pk for step in found}
    for step in found:
        yield {
            "at": step.at,
            "node": node_name(step.node, names),
            "visit": step.visit,
            "port": step.port,
            "waits": not step.port and step.node in there and last[step.node] == step.pk,
            "took": f"{step.took_us / 1000:,.1f} ms",
            "told": _told(step.told, sees_all=sees_all),
            "error": step.error,
        }


def _told(told: Mapping[str, Any], *, sees_all: bool) -> SafeString | str:
    """Show what was noted at a node, where there was anything."""
    names = {**_SAID, "events": "waits for" if "until" in told else "raises"}
    said = {**told, "wake": _WAKES.get(told.get("wake", ""), told.get("wake"))}
    noted = {names.get(name, name): value for name, value in said.items() if value not in (None, "", [], {})}
    if not noted:
        return ""
    return tree(noted) if sees_all else HIDDEN


def _path(row: Run, names: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    for step in run_path.left(row):
        yield {
            "at": step.at,
            "node": node_name(step.node, names),
            "port": step.port,
            "after": in_words(step.after_ms / 1000) if step.after_ms >= 1000 else "",
        }
    if row.status == Run.Status.FAILED and row.place and _last_left(row) != row.place:
        yield {"at": row.ended_at, "node": node_name(row.place, names), "port": "failed", "after": ""}
    for token in _waiting(row) if row.status == Run.Status.LIVE else ():
        came = _moment(token.get("at"))
        yield {"at": came and came + row.behind, "node": node_name(token["node"], names), "port": "", "waits": True}


def _last_left(row: Run) -> str:
    path = row.state.get("path") or [[""]]
    return str(path[-1][0])


def _moment(text: Any) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None
