"""Words of a condition that name nothing known: whoever wrote them is told the nearest one."""

import pytest

from apps.conditions import Catalogue, KnownField, doubts, parse

CATALOGUE = Catalogue(
    {"profile@segments": KnownField(values=("vip", "new"))},
    event_types=("sale-completed", "product-viewed"),
    consents={"letters": "Letters", "marketing-email": "E-mails"},
)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('CONSENTED("leters")', ["There is no consent type leters. Did you mean letters?"]),
        ('WITHDREW("zzz") OR NEVER ASKED("zzz")', ["There is no consent type zzz."]),
        ('profile@segments CONTAINS ANY ["vpi", "new"]', ["There is no segment vpi. Did you mean vip?"]),
        (
            'COUNT("sale-complted" LAST 3 DAYS) > 1',
            ["There is no event type sale-complted, and no event of it came lately. Did you mean sale-completed?"],
        ),
        (
            'SEQUENCE("product-viewed" THEN "qqq")',
            ["There is no event type qqq, and no event of it came lately."],
        ),
        ('event@type IN ["sale-completed", "qqq"]', ["There is no event type qqq, and no event of it came lately."]),
        ('event@type = "qqq"', ["There is no event type qqq, and no event of it came lately."]),
        ('"qqq" = event@type', ["There is no event type qqq, and no event of it came lately."]),
        # What is known, under whatever name and spelling, is not doubted.
        ('CONSENTED("letters") AND profile@segments CONTAINS "new" AND DID("Sale Completed")', []),
        ('DID("product-details-page-view")', []),
        ("DID(ANY EVENT)", []),
        ('profile@traits.plan = "qqq"', []),
    ],
)
def test_unknown_words_are_told_with_the_nearest_known(text: str, told: list[str]) -> None:
    assert [str(doubt) for doubt in doubts(parse(text), CATALOGUE)] == told


def test_consents_are_not_doubted_where_nobody_knows_them() -> None:
    assert doubts(parse('CONSENTED("letters")'), Catalogue({})) == []
