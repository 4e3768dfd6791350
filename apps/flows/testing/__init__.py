"""For tests of nodes and flows, of ours and of other packages: without a database, by nodes and the engine as they are.

    def test_who_has_a_plan_is_tagged() -> None:
        move = visit("add-tag", {"tag": "plan-{{ profile@traits.plan }}"}, profile={"traits": {"plan": "pro"}})

        assert move == Go(changes=(Change("append_unique", "traits.tags", "plan-pro"),))

    def test_who_does_not_buy_is_reminded() -> None:
        told = story({"nodes": [...], "edges": [...]}, event={"type": "checkout-started"})
        told.later(hours=1)

        assert told.path == ["start.out", "wait.out"]
        assert told.sent[0].request["to"] == "ada@example.com"

`refused` tells what is wrong with the settings of a node.
"""

from apps.flows.testing.stories import Story, story
from apps.flows.testing.visiting import NOON, PROFILE, RUN, Somebody, ask, make, refused, visit

__all__ = ["NOON", "PROFILE", "RUN", "Somebody", "Story", "ask", "make", "refused", "story", "visit"]
