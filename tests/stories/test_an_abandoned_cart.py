"""Anna leaves two carts, and buys what is in one of them: the other one is written about, once."""

import pytest

from tests.alerts.conftest import Mailbox
from tests.live import wait_for
from tests.stories.doors import Body, LiveDoors, chain, letter, on_event

pytestmark = [pytest.mark.xdist_group("house"), pytest.mark.timeout(300)]
SAME_ORDER = {"properties.order_id": "event@properties.order_id"}
AN_HOUR = "4 seconds"  # in a shop of whose customers nobody has the time to wait
DRAFT = chain(
    {
        "bought": (
            "wait-for-event",
            {"awaits": "sale-completed", "match": SAME_ORDER, "counts_from": "entry", "time_out": AN_HOUR},
        ),
        "remind": letter("Your cart {{ event@properties.order_id }} waits"),
    },
    "bought -> end",
    "bought.time_out -> remind",
    triggers=on_event("checkout-started"),
    entry={"frequency": "once", "key": "event@properties.order_id"},
)


def order(type: str, id: str) -> Body:
    return {"type": type, "properties": {"order_id": id}}


def test_the_cart_that_was_not_bought_is_written_about_once(house: LiveDoors, post: Mailbox) -> None:
    house.mails_by(post.port)
    house.publish("carts", DRAFT)
    post.refusal = "451 Try again later"
    house.sign_in("anna")

    house.track(order("checkout-started", "A-1"), order("checkout-started", "A-2"), session="anna")
    house.track(order("checkout-started", "A-2"), session="anna")  # the page was loaded anew
    house.track(order("sale-completed", "A-1"), session="anna")
    wait_for(lambda: bool(post.offered), "the first try", timeout_secs=60)
    post.refusal = ""
    wait_for(lambda: house.states("carts") == ["finished", "finished"], "both runs", timeout_secs=60)

    [mail] = post.mails
    assert (mail["To"], mail["Subject"]) == ("anna@example.com", "Your cart A-2 waits")
    anna = house.runs("carts")[0]["profile_id"]
    assert mail["List-Unsubscribe"] == f"<https://shop.example/leave?id={anna}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert len(post.offered) > 1
    assert len({each["Message-ID"] for each in post.offered}) == 1
    ways = [[step[:2] for step in house.api("get", f"runs/{run['id']}")["path"]] for run in house.runs("carts")]
    assert ["bought", "out"] in ways[0]
    assert ["bought", "time_out"] in ways[1]
    [delivery] = house.api("get", f"deliveries?outcome=delivered&profile_id={anna}")["results"]
    assert delivery["request"]["to"] == "anna@example.com"
