"""Circles in a graph: which nodes lead back to themselves, and which of them to each other."""

from collections.abc import Collection, Iterator, Mapping

Ways = Mapping[str, Collection[str]]  # where each node leads


def circles(after: Ways) -> Iterator[set[str]]:
    """Yield the largest groups of nodes that all lead to each other; one node alone, if it leads to itself.

    It looks at each edge twice: whoever is left last leads to all others of its group, and backwards from there is
    nobody else but those of groups that were told.
    """
    before: dict[str, list[str]] = {id: [] for id in after}
    for id, targets in after.items():
        for target in targets:
            before[target].append(id)
    told = set[str]()
    for id in reversed(_as_left(after)):
        if id in told:
            continue
        group, waiting = set[str](), {id}
        while waiting:
            each = waiting.pop()
            group.add(each)
            waiting.update(source for source in before[each] if source not in told and source not in group)
        told |= group
        if len(group) > 1 or id in after[id]:
            yield group


def _as_left(after: Ways) -> list[str]:
    """Return the nodes as they are left when one goes as deep as one can: each after those to which it leads."""
    entered, left = set[str](), list[str]()
    waiting = [(id, False) for id in after]
    while waiting:
        id, is_done = waiting.pop()
        if is_done:
            left.append(id)
        elif id not in entered:
            entered.add(id)
            waiting.append((id, True))
            waiting.extend((target, False) for target in after[id])
    return left
