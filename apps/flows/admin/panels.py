"""What flows show on the pages of people: the flows that somebody is in, and was, and why they are not in others.

Of flows over everybody, in which nobody is, it is by which way somebody goes just now.
"""

from collections.abc import Iterator
from contextlib import suppress
from time import monotonic
from typing import Any, Final

import orjson
from django.contrib.humanize.templatetags.humanize import naturaltime
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from apps.bridges.models import Delivery
from apps.core.admin.panels import HEAD, OBSTACLES, SIDE, panel
from apps.core.admin.shown import NOTHING, badge, link, moment, rows
from apps.core.ids import NIL, as_uuid
from apps.core.limits import TooSlow, at_most
from apps.core.models import Task
from apps.flows import segmenting
from apps.flows.admin.run_shown import goes_on
from apps.flows.admin.shown import flow_link, names_in, node_name, reason_of, state_of, status_of
from apps.flows.changing.needs import SEGMENT, flows_that_decide, flows_that_need
from apps.flows.changing.publishing import names_of
from apps.flows.models import Flow, PersonRecord, Run
from apps.flows.runs.leaving import ORIGIN
from apps.flows.segmenting import Way
from apps.flows.triggers import why_not
from apps.flows.triggers.why_not import Refusal
from apps.profiles import ledger
from apps.profiles.admin.privacy import is_masked
from apps.profiles.models import Profile
from apps.segments.models import Membership, Segment

N_RUNS: Final = 20
N_RECORDS: Final = 20
SHOWN_CHARS: Final = 200  # of a record
N_WAYS: Final = 5  # of flows over everybody
N_NODES: Final = 12
LOOK_SECS: Final = 2.0


@panel(Profile, SIDE, title="Flows", order=22, needs=("flows.view_run",))
def flows(request: HttpRequest, row: Profile) -> SafeString:
    """Show the flows that the person is in, those that they were in, and why they did not enter others."""
    found = Run.objects.filter(profile_id=row.pk).select_related("flow", "version").order_by("-id")[:N_RUNS]
    lines = list(_lines(sorted(found, key=lambda run: run.status != Run.Status.LIVE)))
    told = {run.flow_id for run in found if run.status == Run.Status.LIVE}
    with suppress(TooSlow), at_most(LOOK_SECS):
        for each in why_not.of(row, now=timezone.now()):
            if each.flow.pk not in told:  # the latest event of each flow
                told.add(each.flow.pk)
                lines.append(_not_in(each))
    if not is_masked(row):  # by which way they go may tell what is not to be seen of them
        with suppress(TooSlow), at_most(LOOK_SECS):
            lines += _ways(row)
    return rows(lines)


@panel(Profile, SIDE, title="Records", order=23, needs=("flows.view_run",))
def records(request: HttpRequest, row: Profile) -> SafeString:
    """Show what flows keep of the person by kind and name, the latest first."""
    if is_masked(row):
        return NOTHING
    kept: dict[tuple[str, str], PersonRecord] = {}
    for each in PersonRecord.objects.filter(profile_id__in=ledger.raw_ids([row.pk])).order_by("-set_at", "-pk"):
        kept.setdefault((each.kind, each.name), each)  # of both where two were merged the latest
    shown = [
        (str(each), Truncator(orjson.dumps(each.data).decode()).chars(SHOWN_CHARS), moment(each.set_at))
        for each in [*kept.values()][:N_RECORDS]
    ]
    return rows(shown)


@panel(Delivery, SIDE, title="Sent by a flow", order=15, needs=("flows.view_run",))
def run_that_sends(request: HttpRequest, row: Delivery) -> SafeString:
    """Lead from a delivery to the run that sends it, and to its flow."""
    if row.origin != ORIGIN:
        return NOTHING
    run = Run.objects.filter(pk=row.origin_id or NIL).select_related("flow").first()
    flow = run.flow if run else Flow.objects.filter(pk=row.parent_id or NIL).first()
    found = [("Flow", flow_link(flow) if flow else "a flow that was deleted", "")]
    return rows([*found, ("Run", link("flows_run", run.pk, "its run") if run else "a run that was forgotten", "")])


@panel(Task, HEAD, needs=("flows.view_flow",))
def flow_of_task(request: HttpRequest, row: Task) -> SafeString | str:
    """Lead from a task that is about a flow to the flow."""
    flow = Flow.objects.filter(pk=as_uuid(str(row.params.get("flow_id", ""))) or NIL).first()
    return format_html('<p class="cdp-links">{}</p>', flow_link(flow)) if flow else ""


@panel(Segment, SIDE, title="Flows that decide", order=10, needs=("flows.view_flow",))
def flows_that_move(request: HttpRequest, row: Segment) -> SafeString | str:
    """Name the flows that let people enter a segment and leave it, and when everybody went through them."""
    lines = [(flow_link(flow), state_of(flow), _when(flow)) for flow in flows_that_decide(row.key)]
    return rows(lines) if lines else ""


@panel(Segment, OBSTACLES)
def flows_that_ask(row: Segment) -> Iterator[str]:
    """Name the flows that would lose their meaning without a segment."""
    names = flows_that_need(SEGMENT, row.key)
    if names:
        yield f"Flows ask about it: {', '.join(names)}."


def _when(flow: Flow) -> str:
    if flow.kind != Flow.Kind.SEGMENTATION:
        return "as people come to it"
    return f"everybody, last {naturaltime(flow.passed_at)}" if flow.passed_at else "everybody, not yet"


def _lines(runs: list[Run]) -> Iterator[tuple[Any, Any, Any]]:
    for run in runs:
        name = link("flows_run", run.pk, run.flow)
        if run.status == Run.Status.LIVE:
            place = node_name(run.place, names_in(run)) if run.place else "begins"
            until = format_html("goes on {}", goes_on(run))
            yield name, format_html("{} {}", status_of(run), place), until
        else:
            why = format_html(" {}", reason_of(run)) if run.reason else ""
            yield name, format_html("{}{}", status_of(run), why), moment(run.ended_at)


def _ways(row: Profile) -> Iterator[tuple[Any, Any, Any]]:
    """Say by which way somebody goes through flows over everybody, as many as there is time for."""
    until, person = monotonic() + LOOK_SECS, Profile.objects.get(pk=row.pk)
    keys = list(Membership.objects.filter(profile_id=row.pk, left_at=None).values_list("segment__key", flat=True))
    for flow, way in segmenting.ways_of(person, keys, most=N_WAYS, now=timezone.now()):
        yield flow_link(flow), format_html("goes {}", _path(flow, way)), _what_comes_of(way)
        if monotonic() > until:
            break


def _path(flow: Flow, way: Way) -> str:
    """Name the nodes that lie between start and end, each with the port by which it is left."""
    names = names_of(flow.version.definition) if flow.version else {}
    nodes = [f"{names.get(node, node)} by {port}" for node, port in way.path[1:] if port]
    return ", ".join(nodes[:N_NODES]) + (" …" if len(nodes) > N_NODES else "") or "to the end"


def _what_comes_of(way: Way) -> str:
    if way.problem:
        return f"stays where they are: {way.problem}"
    moves = [f"enters {key}" for key in way.entered] + [f"leaves {key}" for key in way.left]
    return " and ".join(moves) or "stays where they are"


def _not_in(refusal: Refusal) -> tuple[Any, Any, Any]:
    what = format_html("{} {}", refusal.event_type, moment(refusal.at))
    return flow_link(refusal.flow), format_html("{} {}", badge("not in it"), refusal.told), what
