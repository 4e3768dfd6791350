"""Why somebody is in a segment: each clause has the truth that evaluating gives it, and the values it looked at."""

from datetime import timedelta
from typing import Any

import pytest

from apps.conditions import parse
from apps.segments.why import Clause, explain
from tests.factories import NOON, EventFactory, ProfileFactory

pytestmark = pytest.mark.django_db


def explained(text: str, profile: Any, *keys: str) -> Clause:
    return explain(parse(text), profile, keys, now=NOON)


def test_values_are_those_that_the_test_looked_at() -> None:
    anna = ProfileFactory(data={"pii": {"birthday": "1990-05-01"}}, traits={"limit": 30})

    clause = explained("age(profile@data.pii.birthday) > profile@traits.limit", anna)

    assert clause.truth is True
    assert [(value.text, value.value) for value in clause.values] == [
        ("age(profile@data.pii.birthday)", 36),
        ("profile@data.pii.birthday", "1990-05-01"),
        ("profile@traits.limit", 30),
    ]


def test_past_events_are_counted_summed_and_put_in_order() -> None:
    anna = ProfileFactory()
    for days, type, amount in ((5, "view", 0), (4, "purchase", 10), (2, "purchase", 20), (400, "purchase", 99)):
        properties = {"amount": amount}
        EventFactory(profile_id=anna.id, type=type, properties=properties, time=NOON - timedelta(days=days))
    EventFactory(profile_id=ProfileFactory().id, type="purchase", properties={"amount": 7}, time=NOON)

    clause = explained(
        'DID("purchase" LAST 30 DAYS) AND SUM(event@properties.amount OF "purchase" LAST 30 DAYS) > 25 '
        'AND SEQUENCE("view" THEN "purchase" WITHIN 3 DAYS) AND DID NOT("refund")',
        anna,
    )

    assert [below.truth for below in clause.clauses] == [True, True, True, True]
    assert [value.value for below in clause.clauses for value in below.values] == [2, 30, 0]


def test_what_is_unknown_is_neither_true_nor_false() -> None:
    clause = explained("profile@traits.a > 1 OR NOT (profile@traits.b = 1 AND profile@traits.c < 5)", ProfileFactory())

    assert (clause.truth, clause.join) == (True, "or")
    assert [below.truth for below in clause.clauses] == [None, True]
    assert (clause.clauses[1].join, clause.clauses[1].clauses[0].truth) == ("not", False)


def test_segments_are_those_that_the_person_is_in() -> None:
    clause = explained('profile@segments CONTAINS ANY ["vip", "pro"]', ProfileFactory(), "pro")

    assert (clause.truth, clause.values[0].value) == (True, ["pro"])


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ('CONSENTED("letters")', False),
        ('NOT CONSENTED("letters")', True),
        ('WITHDREW("letters")', True),
        ("profile@consents.letters EXISTS", True),  # as it was stored before
    ],
)
def test_who_has_withdrawn_is_told_so_and_nothing_true_looks_like_a_consent(text: str, truth: bool) -> None:
    withdrawn = {"letters": {"revoke": "2026-11-20T09:00:00+00:00"}}
    anna = ProfileFactory(consents=withdrawn, provenance={"consents.letters": ["2026-11-20T09:00:00+00:00", "", ""]})

    clause = explain(parse(text, is_stored=True), anna, (), now=NOON)

    assert (clause.truth, clause.lacks_consent) == (truth, True)
    assert [(value.text, value.value) for value in clause.values] == [("letters", "withdrew on 20 Nov 2026")]


@pytest.mark.parametrize(
    ("consent", "decided", "words"),
    [
        (None, "", "was never asked"),
        ({"revoke": None}, "2026-11-02", "agreed on 2 Nov 2026"),
        ({"revoke": "2026-12-01"}, "2026-11-02", "agreed on 2 Nov 2026, until 1 Dec 2026"),
        ({"revoke": "2026-11-10"}, "2026-11-02", "agreed, which expired on 10 Nov 2026"),
        ({"revoke": "2026-11-10"}, "", "withdrew on 10 Nov 2026"),
    ],
)
def test_consent_is_put_into_words(consent: Any, decided: str, words: str) -> None:
    consents = {}
    if consent:
        end = consent["revoke"]
        consents["letters"] = {"revoke": f"{end}T00:00:00+00:00" if end else None}
    provenance = {"consents.letters": [f"{decided}T00:00:00+00:00", "", ""]} if decided else {}

    clause = explained('CONSENTED("letters")', ProfileFactory(consents=consents, provenance=provenance))

    assert [value.value for value in clause.values] == [words]
    assert clause.lacks_consent is not clause.truth
