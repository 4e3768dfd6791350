"""What the platform makes of what it was sent can always be stored: no event, however odd, takes another with it."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.collector.envelope import Envelope
from apps.collector.payload import Way
from apps.collector.pipeline import process
from apps.collector.wire import Message
from apps.core import storable
from apps.events.models import Event, Source
from tests.factories import ConsentTypeFactory, SourceFactory, policy

ODD = st.sampled_from(
    [
        "\\u0000",
        "%00",
        "%ED%A0%80",
        "%u0000",
        "&#0;",
        "x" * 5_000,
        "\u017f",
        "\u0130",
        "\u0345",
        "en_US",
        "Europe/Paris",
        "::1",
    ]
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8) | ODD
BYTES = st.binary(max_size=6).map(quote) | TEXTS
URLS = st.builds(
    "https://shop.example/{}?utm_source={}&utm_campaign={}&{}={}#utm_term={}".format,
    BYTES,
    BYTES,
    BYTES,
    BYTES,
    BYTES,
    BYTES,
)
NUMBERS = st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    TEXTS | NUMBERS | st.none() | st.booleans(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
)
NAMES = st.sampled_from(
    [
        "email",
        "phone",
        "firstname",
        "name",
        "birthday",
        "address",
        "company",
        "pk",
        "value",
        "currency",
        "revenue",
        "age",
    ]
)
CONTEXTS = st.fixed_dictionaries(
    {},
    optional={
        "page": st.fixed_dictionaries({"url": URLS, "referrer": URLS, "title": TEXTS}),
        "utm": st.dictionaries(st.sampled_from(["source", "medium", "campaign", "name"]), VALUES),
        "campaign": VALUES,
        "locale": VALUES,
        "timezone": VALUES,
        "time": VALUES | st.fixed_dictionaries({"tz": VALUES}),
        "location": VALUES | st.fixed_dictionaries({"country": VALUES, "city": VALUES}),
        "device": VALUES | st.fixed_dictionaries({"name": VALUES, "type": VALUES, "id": VALUES}),
        "os": VALUES,
        "app": VALUES,
        "screen": VALUES | st.fixed_dictionaries({"local": VALUES, "width": VALUES}),
        "browser": VALUES | st.fixed_dictionaries({"local": st.fixed_dictionaries({"browser": VALUES})}),
        "ip": VALUES,
        "userAgent": VALUES,
        "sessionId": VALUES,
    },
)
PROPERTIES = st.dictionaries(NAMES | TEXTS, VALUES, max_size=5) | st.fixed_dictionaries(
    {
        "consents": st.dictionaries(
            st.sampled_from(["marketing", "x"]), VALUES | st.fixed_dictionaries({"text_version": VALUES})
        )
    }
)
TYPES = st.sampled_from(["identify", "sign-up", "purchase", "page-view", "consent-update", "Order Completed", "search"])


@pytest.mark.django_db
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(context=CONTEXTS, properties=PROPERTIES, type=TYPES, agent=TEXTS, dialect=st.sampled_from(["track", "sdk"]))
def test_what_the_reader_lets_through_is_stored_with_all_that_is_made_of_it(
    context: Any, properties: Any, type: str, agent: str, dialect: str
) -> None:
    source = Source.objects.first() or SourceFactory()
    if not Event.objects.exists():
        ConsentTypeFactory()
    envelope = Envelope(policy(source), datetime.now(UTC), user_agent=agent, call="batch")
    event = {"type": type, "properties": properties, "context": context}
    message = {
        "type": "track",
        "event": type,
        "userId": "u",
        "anonymousId": "a",
        "properties": properties,
        "context": context,
    }
    tracked = {"session": {"id": "s"}, "context": context, "events": [event, {"type": "neighbour"}]}
    body = tracked if dialect == "track" else {"batch": [message, {**message, "event": "neighbour", "properties": {}}]}
    n_before = Event.objects.filter(type="neighbour").count()

    parsed = Message(dialect, storable.dumps(body).encode(), envelope).parse()
    process(parsed.payloads, now=datetime.now(UTC), way=Way.NOW)

    assert [refusal for payload in parsed.payloads for refusal in payload.refusals()] == []
    assert Event.objects.filter(type="neighbour").count() == n_before + 1
    newest = Event.objects.order_by("-id").values("properties", "traits", "context")[:5]
    assert storable.refusal_in(list(newest), "") is None
