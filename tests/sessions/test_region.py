"""What clients call countries, and time zones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.sessions.region import continent_of, country_code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *((text, "DE") for text in ("DE", "de", " De ", "DEU", "deu", "276", "Germany", "GERMANY", "Deutschland")),
        *((text, "US") for text in ("US", "USA", "United States", "united states of america", "The United States")),
        *(
            (text, "GB")
            for text in ("GB", "UK", "United Kingdom", "Great Britain", "England", "Vereinigtes Königreich")
        ),
        *((text, "CZ") for text in ("Czechia", "Czech Republic", "Česko", "Tschechien")),
        *((text, "TR") for text in ("Turkey", "Türkiye", "Turkiye")),
        *((text, "CI") for text in ("Côte d'Ivoire", "Cote d'Ivoire", "Ivory Coast")),
        *((text, "BA") for text in ("Bosnia & Herzegovina", "Bosnia and Herzegovina")),
        *((text, "FR") for text in ("France", "FRA", "Frankreich", "Francia")),
        *((text, "KR") for text in ("South Korea", "Korea, Republic of", "KOR")),
        *((text, "") for text in ("", "XX", "T1", "EU", "ZZ", "Europe", "Atlantis", "D", "7", "x" * 100_000)),
    ],
)
def test_a_country_is_its_code_however_it_is_named_or_nothing(text: str, code: str) -> None:
    assert country_code(text) == code


@pytest.mark.parametrize(
    ("zone", "continent"),
    [
        ("Europe/Berlin", "Europe"),
        ("America/Argentina/Buenos_Aires", "America"),
        ("US/Pacific", "America"),
        ("Asia/Kolkata", "Asia"),
        ("Japan", "Asia"),
        *((zone, "") for zone in ("GMT+8", "UTC", "Etc/GMT+1", "+02:00", "Foo/Bar", "", "Europe")),
    ],
)
def test_a_zone_lies_on_a_continent_unless_it_is_a_mere_offset(zone: str, continent: str) -> None:
    assert continent_of(zone) == continent


def test_an_abbreviation_is_no_continent() -> None:
    assert continent_of("EST") in ("", "America")


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    assert len(country_code(text)) in (0, 2)
    assert "/" not in continent_of(text)
