"""A flow that is on lets nobody enter, its people cannot go on, or it does not go through everybody."""

from collections.abc import Iterator

from apps.alerts.symptoms import Facts, Kind, Symptom, Values, register
from apps.flows.describing import pass_troubles
from apps.flows.runs import pending
from apps.flows.triggers import trigger_index


def look(values: Values, facts: Facts) -> Iterator[Symptom]:
    """Find all three, each flow by itself."""
    for flow, reason in trigger_index.left_out():
        yield Symptom(f"{flow.pk} entry", f"Nobody enters the flow {flow.name}, though it is on: {reason}")
    for stuck in pending.stuck():
        are = "1 run" if stuck.number == 1 else f"{stuck.number:,} runs"
        text = f"{are} of the flow {stuck.flow} cannot go on, and wait for another try: their pages say why."
        yield Symptom(f"{stuck.flow_id} runs", text)
    for flow, reason in pass_troubles.troubles(now=facts.now):
        yield Symptom(f"{flow.pk} pass", f"The flow {flow.name} does not go through everybody. {reason}")


register(
    "broken_flow",
    Kind(
        title="A flow does not work",
        about="A flow that is on lets nobody enter, its runs cannot go on, though none of its nodes has failed, or it "
        "does not go through everybody as it should.",
        icon="heart_broken",
        order=57,
        params=(),
        look=look,
    ),
)
