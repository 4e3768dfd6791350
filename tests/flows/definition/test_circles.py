"""Circles of a graph are found as one finds them who follows each way from each node."""

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from apps.flows.definition.circles import circles

IDS = "abcdefgh"
GRAPHS = st.fixed_dictionaries({id: st.frozensets(st.sampled_from(IDS), max_size=3) for id in IDS})


def below(after: Mapping[str, frozenset[str]], id: str) -> set[str]:
    """Return the nodes to which one leads; itself, if in a circle."""
    found, waiting = set[str](), list(after[id])
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting.extend(after[each])
    return found


@given(GRAPHS)
def test_those_that_lead_to_each_other_are_in_one_circle(
    after: Mapping[str, frozenset[str]],
) -> None:
    ways = {id: below(after, id) for id in after}
    naive = {frozenset(other for other in ways[id] if id in ways[other]) for id in after if id in ways[id]}

    found = list(circles(after))

    assert {frozenset(circle) for circle in found} == naive
    assert len(found) == len(naive)


def test_a_circle_of_ten_thousand_nodes_is_one() -> None:
    ring = {str(at): [str((at + 1) % 10_000)] for at in range(10_000)}

    assert [len(circle) for circle in circles(ring)] == [10_000]
