"""One spelling of what looks the same, and which names name nobody."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.conditions.spelling import fold
from apps.core.numbers import as_id
from apps.profiles.identifiers import normalise
from apps.profiles.models import Identifier
from apps.profiles.names import names_nobody

Kind = Identifier.Kind
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\u200b\ufeff\u0301\u0307ßİé ./:@ﬃ"))


@given(ANY_TEXT, st.sampled_from(list(Kind)))
def test_folding_and_normalising_again_change_nothing(text: str, kind: str) -> None:
    assert fold(fold(text)) == fold(text)
    found = normalise(kind, text)
    assert found is None or normalise(kind, found) == found


@given(ANY_TEXT, st.sampled_from("\u200b\ufeff\u00ad\u2060\u200e\u180e"), st.sampled_from(["NFC", "NFD"]))
def test_what_nobody_sees_makes_no_difference(text: str, invisible: str, form: str) -> None:
    assert fold(invisible + unicodedata.normalize(form, text) + invisible) == fold(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Andr\u00e9@shop.example", "andre\u0301@shop.example"),
        ("anna@shop.example", "\ufeffanna@\u200bshop.example\u00a0"),
        ("anna@m\u00fcnchen.example", "anna@xn--mnchen-3ya.example"),
        ("anna@MU\u0308NCHEN.example", "anna@xn--mnchen-3ya.example"),
        ("anna@例え。テスト", "anna@xn--r8jz45g.xn--zckzah"),
    ],
)
def test_an_address_is_one_however_it_is_spelled(one: str, other: str) -> None:
    assert normalise(Kind.EMAIL, one) == normalise(Kind.EMAIL, other) is not None


@given(st.integers(-(10**15), 10**15))
def test_any_json_number_that_means_the_same_integer_is_the_same_id(number: int) -> None:
    assert as_id(number) == as_id(float(f"{number}.0")) == as_id(float(f"{number}e0")) == str(number)


def test_zero_has_no_sign_and_what_was_rounded_is_no_id() -> None:
    assert as_id(-0.0) == "0"
    assert as_id(1.5) == "1.5"
    with pytest.raises(ValueError, match="text"):
        as_id(9.1795953066891e20)


NOBODY = """
null NULL "null" (null) <null> undefined Undefined none None NaN nil - -1 -1.0 0 0.0 -0 +0 0,0 0000 0e0 0x0 {} [] "" N/A
#N/A #REF! #NULL! #NAME? #DIV/0! \\N [REDACTED] [Filtered] NoneType Optional(nil) AnonymousUser anonymousUser Gast
anonymous_user anonymous Infinity undefined_undefined undefined-undefined None,None null; null. \u201cnull\u201d
__null__ none@none undefined@ undefined? no_user deleted cookieless nothing empty unset missing \uff4e\uff55\uff4c\uff4c
\uff10 \u22121 \u2014 ? / \u2026 -2147483648 2147483647 9223372036854775807 userId user_id anonymousId userId: uid id
uuid cid clientId client_id visitor_id distinct_id contact_id member_id login <string> -customer_id- @user.Id
{{user_id}} {{user_id}}. shop-{{user_id}}-1 ${userId} #{id} #{current_user.id} {!Contact.Id} *|USER_ID|* %user_id%
%device_id% %recipient.id% %%EmailAddr%% %s %d %@ %1$s %(id)s user-%s %!s(<nil>)
%5Bobject%20Object%5D %7B%7Buser_id%7D%7D %257B%257Bid%257D%257D undefined%20 null%00
00000000-0000-0000-0000-000000000000 {00000000-0000-0000-0000-000000000000} FFFFFFFF-ffff-ffff-ffff-ffffffffffff
00000000-0000-0000-0000-000000000001 00000000-0000-4000-8000-000000000000 12345678-1234-1234-1234-123456789012
11111111-1111-4111-8111-111111111111 xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx ffffffffffffffffffffffffffffffff
00:00:00:00:00:00 9774D56D682E549C
"""
WITH_BLANKS = [
    *("", " ", "[object Object]", "[object HTMLInputElement]", "(not set)", "{{ user.id }}", "<no value>", "null null"),
    *("not available", "<?php echo $id; ?>", "<?= $id ?>", "<%= id %>", "function () { [native code] }"),
]
SOMEBODY = """
1 10 -10 a 007 0x1 {7} 50% *7* <a@b.example> nullary anna 1.0.0 user-1 guest-0 anna%20b %D0%90%D0%BD%D0%BD%D0%B0
no NO Anna-None group vip {anna} a/b== 2147483646 00000000-0000-0000-0000-000000000017 N.A.7
01890000-0000-7000-8000-000000000000 GA1.2.1234567890.1234567890 a%b%c 100%sure \u5f20\u4f1f
"""


@pytest.mark.parametrize("value", [*NOBODY.split(), *WITH_BLANKS])
def test_it_names_nobody(value: str) -> None:
    assert names_nobody(value)


@pytest.mark.parametrize("value", SOMEBODY.split())
def test_it_names_somebody(value: str) -> None:
    assert not names_nobody(value)
