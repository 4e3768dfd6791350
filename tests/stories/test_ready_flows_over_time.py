"""The other ready flows as a shop has them: people do things, days pass, and each way is counted."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from django.core.management import call_command

from apps.collector import accept, pipeline
from apps.collector.payload import Way
from apps.flows.ready.ready_flows import ready_flows
from apps.flows.triggers import ticking
from tests.alerts.conftest import Mailbox
from tests.factories import ConsentTypeFactory, EventTypeFactory, SegmentFactory, track_body
from tests.outside import Outside, outside
from tests.shop import TRACK, Shop
from tests.stories.doors import Body, OwnDoors
from tests.stories.passing_time import live_until
from tests.stories.test_ready_flows_at_work import event, left, take

pytestmark = pytest.mark.django_db(transaction=True)
NEWS = event("consent-update", consents={"marketing-email": True})
POT = {"product_id": "P-1", "name": "Tea pot", "price": 40}


class Town:
    """People of a shop, and a clock that the story sets."""

    def __init__(self, doors: OwnDoors, post: Mailbox, shop: Shop) -> None:
        self.doors, self.post, self.shop = doors, post, shop
        self.began = datetime.now(UTC)
        shop.now = self.began

    def come(self, *names: str) -> None:
        """Let people sign in, and agree to letters."""
        for name in names:
            properties = {"pk": f"C-{name}", "email": {"main": f"{name}@example.com"}}
            self.does(name, event("sign-in", **properties), NEWS)

    def does(self, name: str, *events: Body) -> None:
        """Let somebody do something at the time that it is."""
        body = track_body(self.shop.source, session=name, events=list(events))
        message = self.shop.message(TRACK, body)
        pipeline.process(message.parse().payloads, now=self.shop.later(seconds=1), way=Way.NOW)

    def goes_on(self, **length: float) -> None:
        """Let what is due be done, let time pass, and do what is due then."""
        live_until(self.shop.now)
        live_until(self.shop.later(**length))

    def letters(self, name: str) -> list[str]:
        """Return what somebody's letters are called."""
        return [mail["Subject"] for mail in self.post.mails if mail["To"] == f"{name}@example.com"]

    def left(self, flow: str) -> dict[str, int]:
        """Count by which ports people left which nodes."""
        return left(self.doors, flow)

    def ended(self, flow: str) -> list[str]:
        """Tell how runs go, or ended."""
        return sorted(self.doors.states(flow))


@pytest.fixture
def town(doors: OwnDoors, post: Mailbox, shop: Shop) -> Town:
    """A town without people; the shop asks for consents, and has a mail server."""
    ConsentTypeFactory(id="marketing-email")
    doors.mails_by(post.port, "Shop mail")
    return Town(doors, post, shop)


@pytest.fixture
def api(doors: OwnDoors) -> Iterator[Outside]:
    """The shop's own API, and the team's chat: one server."""
    with outside() as server:
        doors.connect("Shop API", "http", base_url=server.address, auth="none")
        doors.connect("Team chat", "http", base_url=f"{server.address}/chat", auth="none")
        yield server


def test_the_last_product_is_shown_again_to_who_left_without_it(town: Town) -> None:
    take(town.doors, "browse-abandonment")
    town.come("anna", "bert", "cleo")
    for name in ("anna", "bert", "cleo"):
        town.does(name, event("product-viewed", **POT))
    town.goes_on(hours=1)
    town.does("anna", event("product-viewed", name="Cup & saucer"))
    town.does("bert", event("product-added", **POT))
    town.does("cleo", event("order-completed", order_id="C-1", total=40))
    town.goes_on(hours=3)
    town.does("anna", event("product-viewed", **POT))  # within two weeks

    town.goes_on(days=1)

    assert (town.letters("anna"), len(town.post.mails)) == (["Still thinking about Cup & saucer?"], 1)
    assert town.ended("browse-abandonment") == ["exited", "finished", "goal"]
    assert town.left("browse-abandonment") == {
        **{"start.out": 3, "first-product.out": 3, "still-looking.out": 1, "next-product.out": 1},
        **{"still-looking.time_out": 1, "show-again.out": 1},
    }


def test_who_has_ordered_is_reminded_when_it_runs_out(town: Town) -> None:
    take(town.doors, "replenishment")
    town.come("anna", "bert")
    town.does("anna", event("order-completed", order_id="A-1", total=40, lasts="45 days"))
    town.does("bert", event("order-completed", order_id="B-1", total=40))
    town.goes_on(days=31)
    town.does("bert", event("order-completed", order_id="B-2", total=40, lasts="100 days"))
    town.goes_on(days=15)
    town.goes_on(days=8)

    assert (town.letters("anna"), town.letters("bert")) == (["Running low?", "Before you run out"], ["Running low?"])
    assert town.ended("replenishment") == ["finished", "goal", "live"]
    assert town.left("replenishment") == {
        **{"start.out": 3, "as-it-says.missing": 1, "as-it-says.out": 1, "usual.out": 1, "running-low.out": 2},
        **{"a-week.out": 1, "once-more.out": 1},
    }


def test_whoever_leaves_the_active_customers_is_won_back_or_tagged(town: Town) -> None:
    [segment] = (need for need in ready_flows()["win-back"].needs if need.what == "segment")
    SegmentFactory(key=segment.name, name=segment.title, condition=segment.condition)
    take(town.doors, "win-back")
    now, town.shop.now = town.shop.now, town.began - timedelta(days=91)
    town.come("anna", "bert")
    for name in ("anna", "bert"):
        town.does(name, event("order-completed", order_id=name, total=40))
    town.shop.now = now
    call_command("segment_live", "--full", "--wait", verbosity=0)
    accept.ingest(100, at=datetime.now(UTC))
    town.goes_on(days=14, hours=1)
    town.does("bert", event("order-completed", order_id="again", total=40))
    town.goes_on(days=22)
    town.goes_on(days=15)

    subjects = ["It has been a while", "What you may have missed", "Shall we still write to you?"]
    assert (town.letters("anna"), town.letters("bert")) == (subjects, subjects[:2])
    assert town.ended("win-back") == ["finished", "goal"]
    assert town.left("win-back") == {
        **{"start.out": 2, "has-address.true": 2, "miss-you.out": 2, "two-weeks.out": 2, "favourites.out": 2},
        **{"three-weeks.out": 1, "still-write.out": 1, "last-weeks.out": 1, "lapsed.out": 1},
    }


def test_whoever_agreed_long_ago_is_asked_again(town: Town) -> None:
    take(town.doors, "consent-renewal")
    town.come("anna", "bert", "cleo")
    town.goes_on(days=336)
    town.does("anna", NEWS)
    town.does("cleo", event("consent-update", consents={"marketing-email": False}))
    town.goes_on(days=15)

    subjects = ["May we go on writing to you?", "Shall we stop writing to you?"]
    assert [town.letters(name) for name in ("anna", "bert", "cleo")] == [subjects[:1], subjects, subjects[:1]]
    assert town.ended("consent-renewal") == ["live", "live", "removed"]
    assert [run["goal_at"] is not None for run in town.doors.runs("consent-renewal")] == [True, False, False]
    assert town.left("consent-renewal") == {
        **{"start.out": 3, "eleven-months.time_out": 3, "has-address.true": 3, "ask.out": 3},
        **{"two-weeks.out": 1, "two-weeks.time_out": 1, "ask-again.out": 1},
    }


def test_promoters_are_asked_for_a_review_and_the_team_hears_of_detractors(town: Town, api: Outside) -> None:
    take(town.doors, "nps")
    town.come("anna", "bert", "cleo")
    for name in ("anna", "bert", "cleo"):
        town.does(name, event("order-delivered", order_id=name))
    town.goes_on(days=8)
    town.does("anna", event("rating", id="nps", rate=10))
    town.does("bert", event("rating", id="nps", rate=3, review="It came late."))
    town.goes_on(days=15)

    assert town.letters("anna")[1:] == ["Thank you! May we ask for one thing more?"]
    assert town.letters("bert")[1:] == ["We would like to do better"]
    assert town.letters("cleo") == ["One question about your order"]
    assert [json.loads(each.body)["text"].partition(",")[0] for each in api.taken] == ["A detractor: 3 of 10"]
    assert town.left("nps") == {
        **{"start.out": 3, "a-week.out": 3, "ask.out": 3, "answer.out": 2, "answer.time_out": 1, "keep.out": 2},
        **{"who.promoter": 1, "who.detractor": 1, "tell-team.out": 1, "thanks.out": 1, "sorry.out": 1},
    }


def test_on_their_birthday_people_get_a_voucher_that_the_shop_knows(town: Town, api: Outside) -> None:
    take(town.doors, "birthday")
    town.come("anna", "bert")
    birthday = (town.began + timedelta(days=2)).date()
    for name in ("anna", "bert"):
        town.does(name, event("profile-update", pii={"birthday": f"1990-{birthday:%m-%d}T00:00:00Z"}))
    ticking.wind_up(now=town.began)
    town.shop.now = datetime.combine(birthday, time(10), UTC)
    ticking.run_due(now=town.shop.now, secs=20)
    town.goes_on(days=1)
    town.does("bert", event("order-completed", order_id="B-1", total=40))
    town.goes_on(days=10)

    codes = {json.loads(each.body)["code"] for each in api.taken}
    assert len(codes) == 2
    assert [sum(code in str(mail) for code in codes) for mail in town.post.mails] == [1, 1, 1]
    assert (len(town.letters("anna")), len(town.letters("bert"))) == (2, 1)
    assert town.ended("birthday") == ["finished", "goal"]
    assert town.left("birthday") == {
        **{"start.out": 2, "has-address.true": 2, "code.out": 2, "keep.out": 2, "tell-shop.out": 2, "gift.out": 2},
        **{"ten-days.out": 1, "reminder.out": 1},
    }


def test_the_team_hears_of_a_vip_once_and_they_are_thanked_a_day_later(town: Town, api: Outside) -> None:
    SegmentFactory(key="vip", kind="flow", condition="")
    take(town.doors, "vip-alert")
    town.come("anna", "bert")
    for n in range(3):
        town.does("anna", event("order-completed", order_id=f"A-{n}", total=600))
    town.does("bert", event("order-completed", order_id="B-1", total=600))
    town.goes_on(days=1, hours=1)

    assert [json.loads(each.body)["text"].partition(" in all")[0] for each in api.taken] == ["A new VIP: 1,800.00"]
    assert (town.letters("anna"), town.letters("bert")) == (["Thank you, from all of us"], [])
    assert town.left("vip-alert") == {
        **dict.fromkeys(("start.out", "vip.out", "tell-team.out", "a-day.out", "may-write.true", "thanks.out"), 1)
    }


def test_the_price_is_looked_up_each_day_until_it_drops(town: Town, api: Outside) -> None:
    prices: dict[str, list[float]] = {"P-1": [40, 34.5], "P-2": [40] * 60}

    def answer(request: BaseHTTPRequestHandler) -> None:
        body = json.dumps({"price": prices[request.path.rpartition("/")[2]].pop(0)}).encode()
        request.send_response(200)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    api.handle = answer
    take(town.doors, "price-drop")
    town.come("anna", "bert")
    town.does("anna", event("product-added-to-wishlist", **POT))
    town.does("bert", event("product-added-to-wishlist", **{**POT, "product_id": "P-2"}))
    for _ in range(3):
        town.goes_on(days=1, minutes=1)
    town.does("bert", event("product-removed-from-wishlist", **{**POT, "product_id": "P-2"}))
    town.goes_on(days=2)

    assert (town.letters("anna"), town.letters("bert")) == (["Tea pot costs less now"], [])
    assert town.ended("price-drop") == ["exited", "finished"]
    assert town.left("price-drop") == {
        **{"start.out": 2, "a-day.out": 5, "look.out": 5, "is-lower.false": 4, "is-over.false": 4},
        **{"is-lower.true": 1, "tell.out": 1},
    }


def test_each_letter_is_about_the_step_that_is_missing(town: Town) -> None:
    EventTypeFactory(type="onboarding-step-completed")
    take(town.doors, "onboarding")
    steps: dict[str, Any] = {step: event("onboarding-step-completed", step=step) for step in ("set-up", "first-use")}
    for name in ("anna", "bert", "cleo"):
        town.does(name, event("sign-up", email=f"{name}@example.com", pk=f"C-{name}"))
    town.goes_on(hours=1)
    town.does("anna", steps["set-up"])
    town.goes_on(days=1)
    town.does("anna", steps["first-use"])
    town.goes_on(days=2)
    town.does("bert", steps["set-up"])
    town.goes_on(days=5)

    assert town.letters("anna") == ["Welcome! Here is how to begin", "Well done! The next step"]
    assert town.letters("bert")[1:] == [
        *("Three minutes, and you are set up", "Well done! The next step", "Three tips for the beginning")
    ]
    assert town.letters("cleo")[1:] == ["Three minutes, and you are set up", "Shall we set it up together?"]
    assert town.ended("onboarding") == ["finished", "finished", "goal"]
    assert town.left("onboarding") == {
        **{"start.out": 3, "hello.out": 3, "set-up.out": 1, "set-up.time_out": 2, "nudge.out": 2, "next.out": 2},
        **{"set-up-later.out": 1, "set-up-later.time_out": 1, "four-days.out": 1, "tips.out": 1, "offer-help.out": 1},
    }
