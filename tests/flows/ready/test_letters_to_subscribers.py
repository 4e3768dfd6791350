"""Ready flows for those who get news: welcome series, consent renewal, birthday, win-back, NPS survey."""

from typing import Any

import pytest

from apps.flows.models import Run
from tests.flows.ready.in_memory import ANNA, HOME, begun, counted, subjects

pytestmark = pytest.mark.django_db
YES = {"consents": {"marketing-email": True}}
ANSWER = {"body": "{}", "status": 200}


def test_whoever_agrees_is_welcomed_until_they_order() -> None:
    anna = begun("welcome-series").ends().later(days=2).ends().later(days=3).ends()
    bert = begun("welcome-series").ends().later(days=1).happens("order-completed").later(days=9)
    cleo = begun("welcome-series", profile={"data": {}}).later(days=1)
    dora = begun("welcome-series").ends("refused", error="no such mailbox")
    emil = begun("welcome-series", profile={"data": {}}).later(minutes=1)
    emil.person.profile.data = ANNA["data"]
    emil.happens("identification")

    assert subjects(anna) == [
        *("Welcome, and thank you for joining us", "What others like best", "Need a hand in choosing?")
    ]
    assert (subjects(bert), bert.status, bert.goals) == (subjects(anna)[:1], Run.Status.GOAL, ["ordered"])
    assert (subjects(cleo), subjects(dora), subjects(emil)) == ([], subjects(anna)[:1], subjects(anna)[:1])
    assert {each.status for each in (anna, cleo, dora)} == {Run.Status.FINISHED}
    assert counted(anna, bert, cleo, dora, emil) == {
        **{"start.out": 5, "address.out": 4, "address.time_out": 1, "hello.out": 2, "hello.refused": 1},
        **{"two-days.out": 1, "favourites.out": 1, "three-days.out": 1, "help.out": 1},
    }


def test_letters_say_the_name_and_lead_to_the_site_and_to_its_way_out() -> None:
    [sent] = begun("welcome-series").sent

    assert sent.request["to"] == "anna@example.com"
    assert "<p>Hello Anna,</p>" in sent.request["html"]
    assert f'href="{HOME}/bestsellers"' in sent.request["html"]
    assert sent.request["headers"]["List-Unsubscribe"].startswith(f"<{HOME}/unsubscribe?id=")
    [nameless] = begun("welcome-series", profile={"data": {"contact": ANNA["data"]["contact"]}}).sent
    assert "<p>Hello there,</p>" in nameless.request["html"]


def test_whoever_agreed_long_ago_is_asked_twice_and_each_yes_begins_a_new_year() -> None:
    anna = begun("consent-renewal").later(days=335).ends().later(days=3).happens("consent-update", **YES)
    assert (anna.status, anna.goals) == (Run.Status.LIVE, ["renewed"])
    anna.later(days=334)
    assert len(anna.sent) == 1
    bert = begun("consent-renewal").later(days=335).ends().later(days=14).ends().later(days=16)
    cleo = begun("consent-renewal").later(days=100).happens("consent-update", **YES).later(days=300)
    cleo.happens("consent-update", consents={"by-phone": True}).later(days=34)
    dora = begun("consent-renewal").later(days=335).ends().later(days=1)
    dora.person.profile.consents = {}
    dora.happens("consent-update", consents={"marketing-email": False})
    assert dora.goals == []

    assert subjects(bert) == ["May we go on writing to you?", "Shall we stop writing to you?"]
    assert (bert.status, cleo.status, cleo.sent) == (Run.Status.FINISHED, Run.Status.LIVE, [])
    assert counted(anna, bert, cleo) == {
        **{"start.out": 3, "eleven-months.out": 1, "eleven-months.time_out": 2, "has-address.true": 2},
        **{"ask.out": 2, "two-weeks.out": 1},
        **{"two-weeks.time_out": 1, "ask-again.out": 1, "last-weeks.time_out": 1},
    }


def test_a_birthday_brings_a_voucher_that_the_shop_knows_and_wishes_alone_where_it_takes_none() -> None:
    anna = begun("birthday").ends(answer=ANSWER).ends().later(days=10).ends()
    bert = begun("birthday").ends(answer=ANSWER).ends().later(days=2).happens("order-completed")
    cleo = begun("birthday").ends("refused", answer={**ANSWER, "status": 422}).ends()

    told, gift, reminder = (sent.request for sent in anna.sent)
    code = gift["html"].partition("<strong>")[2].partition("</strong>")[0]
    assert len(code) == 10
    assert (told["path"], f'"{code}"' in told["body"], code in reminder["html"]) == ("/vouchers", True, True)
    assert subjects(anna) == ["Happy birthday, Anna!", "Your birthday present is still here"]
    assert bert.status == Run.Status.GOAL
    assert "voucher" not in cleo.sent[1].request["html"]
    assert counted(anna, bert, cleo) == {
        **{"start.out": 3, "has-address.true": 3, "code.out": 3, "keep.out": 3, "tell-shop.out": 2, "gift.out": 2},
        **{"tell-shop.refused": 1, "wishes.out": 1, "ten-days.out": 1, "reminder.out": 1},
    }


def test_whoever_has_gone_quiet_is_written_to_and_tagged_if_nothing_helps() -> None:
    anna = begun("win-back").ends().later(days=14).ends().later(days=21).ends().later(days=14)
    bert = begun("win-back").ends().later(days=14).ends().later(days=5).happens("order-completed")

    assert subjects(anna) == ["It has been a while", "What you may have missed", "Shall we still write to you?"]
    assert (anna.person.profile.traits, bert.person.profile.traits) == ({"tags": ["lapsed"]}, {})
    assert (bert.status, bert.goals) == (Run.Status.GOAL, ["came-back"])
    assert counted(anna, bert) == {
        **{"start.out": 2, "has-address.true": 2, "miss-you.out": 2, "two-weeks.out": 2, "favourites.out": 2},
        **{"three-weeks.out": 1, "still-write.out": 1, "last-weeks.out": 1, "lapsed.out": 1},
    }


def test_promoters_are_asked_for_a_review_and_detractors_are_answered() -> None:
    def asked(**rating: Any) -> Any:
        found = begun("nps", "order-delivered").later(days=7).ends().later(days=1)
        return found.happens("rating", id="nps", **rating) if rating else found.later(days=14)

    anna, bert, cleo, dora = asked(rate=10).ends(), asked(rate=7), asked(rate=3, review="Late."), asked()
    cleo.ends(answer=ANSWER).ends()

    assert subjects(anna)[1:] == ["Thank you! May we ask for one thing more?"]
    assert subjects(cleo)[1:] == ["We would like to do better"]
    assert len(bert.sent) == len(dora.sent) == 1
    assert "3 of 10" in cleo.sent[1].request["body"]
    assert [each.person.profile.traits.get("nps") for each in (anna, bert, cleo, dora)] == [10, 7, 3, None]
    assert counted(anna, bert, cleo, dora) == {
        **{"start.out": 4, "a-week.out": 4, "ask.out": 4, "answer.out": 3, "answer.time_out": 1, "keep.out": 3},
        **{"who.promoter": 1, "who.else": 1, "who.detractor": 1, "tell-team.out": 1, "thanks.out": 1, "sorry.out": 1},
    }
