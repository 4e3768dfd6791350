"""Ready flows after what people do in the shop: carts, browsing, wishes, orders, points, first steps."""

from typing import Any

import pytest

from apps.flows.models import Run
from apps.flows.testing import Story
from tests.flows.ready.in_memory import ANNA, HOME, begun, counted, subjects

pytestmark = pytest.mark.django_db
POT = {"name": "Tea pot", "product_id": "P-1", "price": 40}
ANSWER = {"body": "{}", "status": 200}


def test_the_cart_is_reminded_of_four_hours_after_the_last_product_unless_there_is_an_order() -> None:
    anna = begun("abandoned-cart", "product-added", properties=POT).later(hours=1).happens("product-added")
    assert anna.later(hours=3).sent == []
    anna.later(hours=1).ends().later(days=1).ends()
    bert = begun("abandoned-cart", "product-added").later(hours=2).happens("order-completed").later(days=3)
    cleo = begun("abandoned-cart", "product-added").later(hours=4).ends().later(hours=2).happens("order-completed")

    assert subjects(anna) == ["Your cart is waiting for you", "Can we help with your order?"]
    assert "put Tea pot into" in anna.sent[0].request["html"]
    assert "put something you like into" in cleo.sent[0].request["html"]
    assert (len(bert.sent), len(cleo.sent)) == (0, 1)
    assert [each.status for each in (anna, bert, cleo)] == [Run.Status.FINISHED, Run.Status.GOAL, Run.Status.GOAL]
    assert counted(anna, bert, cleo) == {
        **{"start.out": 3, "still-choosing.out": 1, "still-choosing.time_out": 2, "remind.out": 2},
        **{"a-day.out": 1, "ask.out": 1},
    }


def test_the_last_product_that_was_looked_at_is_shown_again_unless_one_is_in_the_cart() -> None:
    anna = begun("browse-abandonment", "product-viewed", properties=POT).later(hours=1)
    anna.happens("product-viewed", name="Cup & saucer").later(hours=2).ends()
    bert = begun("browse-abandonment", "product-viewed", properties=POT).happens("product-added").later(hours=9)
    cleo = begun("browse-abandonment", "product-viewed", properties=POT).happens("order-completed").later(hours=9)

    [mail] = (sent.request for sent in anna.sent)
    assert mail["subject"] == "Still thinking about Cup & saucer?"
    assert f'href="{HOME}/search?q=Cup%20%26%20saucer"' in mail["html"]
    assert (bert.sent, bert.status, cleo.sent, cleo.status) == ([], Run.Status.EXITED, [], Run.Status.GOAL)
    assert counted(anna, bert, cleo) == {
        **{"start.out": 3, "first-product.out": 3, "still-looking.out": 1, "next-product.out": 1},
        **{"still-looking.time_out": 1, "show-again.out": 1},
    }


def test_who_has_ordered_is_reminded_when_it_runs_out() -> None:
    def ordered(**properties: Any) -> Story:
        return begun("replenishment", "order-completed", properties={"order_id": "A-1", **properties})

    anna = ordered(lasts="45 days").later(days=44)
    assert anna.sent == []
    anna.later(days=1).ends().later(days=7).ends()
    bert = ordered().later(days=30).ends().later(days=2).happens("order-completed", order_id="A-2")
    cleo = ordered(lasts="long").later(days=29).happens("order-completed", order_id="A-3")
    dora = ordered(lasts="200 days").later(days=190).happens("order-completed", order_id="A-4")  # too late for the goal

    assert subjects(anna) == ["Running low?", "Before you run out"]
    assert f'href="{HOME}/reorder?order=A-1"' in anna.sent[0].request["html"]
    assert [each.status for each in (bert, cleo, dora)] == [Run.Status.GOAL, Run.Status.GOAL, Run.Status.EXITED]
    assert (len(bert.sent), len(cleo.sent), len(dora.sent)) == (1, 0, 0)
    assert counted(anna, bert, cleo) == {
        **{"start.out": 3, "as-it-says.out": 1, "as-it-says.missing": 2, "usual.out": 1},
        **{"running-low.out": 2, "a-week.out": 1, "once-more.out": 1},
    }


def test_the_price_is_looked_up_each_day_until_it_drops() -> None:
    def costs(somebody: Story, price: float) -> Story:
        return somebody.later(days=1).ends(answer={**ANSWER, "body": f'{{"price": {price}}}'})

    def wished() -> Story:
        return begun("price-drop", "product-added-to-wishlist", properties=POT)

    anna, bert, cleo, dora, emil = wished(), wished(), wished(), wished(), wished()
    costs(costs(anna, 40), 34.5).ends()
    costs(bert, 40).happens("product-removed-from-wishlist", product_id="P-1")
    costs(cleo, 40).happens("product-removed-from-wishlist", product_id="P-2").happens("order-completed")
    for _ in range(60):
        costs(dora, 45)
    emil.later(days=1).ends("refused", answer={**ANSWER, "status": 404})

    assert subjects(anna) == ["Tea pot costs less now"]
    assert "from 40.00 to <strong>34.50</strong>" in anna.sent[-1].request["html"]
    assert [each.status.name for each in (anna, bert, cleo, dora, emil)] == [
        *("FINISHED", "EXITED", "GOAL", "FINISHED", "FINISHED")
    ]
    assert {sent.request["path"] for sent in dora.sent} == {"/products/P-1"}
    assert counted(anna, bert, cleo, emil) == {
        **{"start.out": 4, "a-day.out": 5, "look.out": 4, "look.refused": 1, "is-lower.false": 3},
        **{"is-over.false": 3, "is-lower.true": 1, "tell.out": 1},
    }


def test_points_make_a_hot_lead_once_and_silence_takes_them_away() -> None:
    def after(score: int, event: str, *segments: str) -> Story:
        return begun("lead-scoring", event, profile={"traits": {"lead_score": score}}, segments=segments)

    new = begun("lead-scoring", "sign-up", profile={})
    warm, hot = after(20, "product-details-page-view"), after(45, "product-added").ends(answer=ANSWER)
    hotter = after(50, "checkout-started", "hot-leads")
    quiet, cold = after(20, ""), after(55, "", "hot-leads")

    everybody = (new, warm, hot, hotter, quiet, cold)
    assert [each.person.profile.traits["lead_score"] for each in everybody] == [20, 21, 50, 60, 10, 45]
    assert [each.person.segments for each in everybody] == [set(), set(), {"hot-leads"}, {"hot-leads"}, set(), set()]
    assert [len(each.sent) for each in everybody] == [0, 0, 1, 0, 0, 0]
    assert "50 points" in hot.sent[0].request["body"]
    assert {each.status for each in everybody} == {Run.Status.FINISHED}
    assert counted(*everybody) == {
        **{"start.out": 6, "points.found": 4, "points.else": 2, "add.out": 4, "is-hot.true": 1, "is-hot.false": 3},
        **{"hot.out": 1, "tell-team.out": 1, "fade.out": 2, "is-cold.true": 1, "is-cold.false": 1, "cold.out": 1},
    }


def test_the_team_hears_of_a_vip_at_once_and_who_agreed_to_letters_is_thanked_a_day_later() -> None:
    def vip(*consents: str) -> Story:
        given = {each: {"revoke": None} for each in consents}
        return begun("vip-alert", profile={**ANNA, "consents": given}).ends(answer=ANSWER).later(days=1)

    anna, bert = vip("marketing-email").ends(), vip()

    assert (subjects(anna), subjects(bert)) == (["Thank you, from all of us"], [])
    assert "A new VIP" in bert.sent[0].request["body"]
    assert anna.person.segments == bert.person.segments == {"vip"}
    assert counted(anna, bert) == {
        **{"start.out": 2, "vip.out": 2, "tell-team.out": 2, "a-day.out": 2, "may-write.true": 1},
        **{"may-write.false": 1, "thanks.out": 1},
    }


def test_each_letter_is_about_the_step_that_is_missing() -> None:
    def signed_up() -> Story:
        return begun("onboarding", "sign-up").ends()

    def does(somebody: Story, step: str) -> Story:
        return somebody.happens("onboarding-step-completed", step=step)

    anna = does(does(signed_up(), "set-up").ends(), "first-use").later(days=9)
    bert = does(signed_up().later(days=2).ends().later(days=1), "set-up").ends().later(days=4).ends()
    cleo = signed_up().later(days=2).ends().later(days=4).ends()
    dora = signed_up().happens("account-deleted")

    assert [len(each.sent) for each in (anna, bert, cleo, dora)] == [2, 4, 3, 1]
    assert subjects(anna) == ["Welcome! Here is how to begin", "Well done! The next step"]
    assert subjects(bert)[1::2] == ["Three minutes, and you are set up", "Three tips for the beginning"]
    assert subjects(cleo)[2] == "Shall we set it up together?"
    assert [each.status.name for each in (anna, bert, cleo, dora)] == ["GOAL", "FINISHED", "FINISHED", "EXITED"]
    assert counted(anna, bert, cleo, dora) == {
        **{"start.out": 4, "hello.out": 4, "set-up.out": 1, "set-up.time_out": 2, "nudge.out": 2, "next.out": 2},
        **{"set-up-later.out": 1, "set-up-later.time_out": 1, "four-days.out": 1, "tips.out": 1, "offer-help.out": 1},
    }
