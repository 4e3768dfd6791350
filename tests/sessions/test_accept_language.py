"""Languages as browsers ask for them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.sessions.accept_language import MAX_LANGUAGES, languages_of, tag_of


@pytest.mark.parametrize(
    ("header", "languages"),
    [
        ("de", ("de",)),
        ("nb-NO,nb;q=0.9,no;q=0.8,en;q=0.7", ("nb", "no", "en")),
        ("en;q=0.5, de;q=0.9", ("de", "en")),
        ("en-US, en-GB;q=0.9", ("en",)),
        ("fil", ("fil",)),
        ("de_DE", ("de",)),
        ("en_US@currency=USD", ("en",)),
        ("C.UTF-8, POSIX", ()),
        ("de;q=broken, en", ("en", "de")),
        ("de;x=1", ("de",)),
        ("*", ()),
        ("i-klingon, 12, x", ()),
        ("", ()),
    ],
)
def test_the_most_wanted_language_comes_first(header: str, languages: tuple[str, ...]) -> None:
    assert languages_of(header) == languages


@pytest.mark.parametrize(
    ("locale", "tag"),
    [
        ("de-DE", "de-DE"),
        ("de_DE", "de-DE"),
        (" de_DE.UTF-8 ", "de-DE"),
        ("zh-Hans_CN", "zh-Hans-CN"),
        ("de_DE@euro", "de-DE"),
        ("C", ""),
        ("POSIX", ""),
        ("", ""),
        ("x" * 100_000, ""),
    ],
)
def test_a_phones_locale_is_written_as_a_language_tag(locale: str, tag: str) -> None:
    assert tag_of(locale) == tag


@given(st.text())
def test_no_header_breaks_it(header: str) -> None:
    found = languages_of(header)

    assert len(found) == len(set(found)) <= MAX_LANGUAGES
