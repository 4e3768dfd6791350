"""What clients write is read right, on every way in: ids, numbers, texts, encodings."""

import gzip
import json
import zlib
from datetime import UTC, datetime
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.collector import accept
from apps.events.models import Event, InboxItem, Redirect, Source
from apps.profiles.models import Profile
from apps.sessions.models import Session
from tests.factories import RedirectFactory, SourceFactory, track_body

# What clients send in place of an id, as JSON. Each is tried wherever one is read.
NOBODY = [
    *('"undefined"', '"null"', '"None"', '"NaN"', '"-"', '"anonymous"', '"[object Object]"', '"N/A"', '"-1"', '"0"'),
    *("0", "0.0", "-0.0", "-1", "-1.0", '"00000000-0000-0000-0000-000000000000"', '"\\ufeffnull"', '"anonymousId"'),
    *('"{{user_id}}"', '"AnonymousUser"', '"#{current_user.id}"', '"undefined_undefined"', '"%5Bobject%20Object%5D"'),
    *('"\\\\N"', '"[REDACTED]"', "2147483647", '"\\uff10"'),
]
SEVEN = ["7", "7.0", "7e0", '"7"', '" 7 "', '"7\\u200b"']
# Two whole numbers beyond 64 bits that are one float; as JSON.
GREAT = ["917959530668910000001", "917959530668910000002"]


@pytest.fixture
def source(db: None) -> Source:
    return SourceFactory()


@pytest.fixture
def shop(db: None) -> Source:
    return SourceFactory(
        kind=Source.Kind.WEBHOOK,
        creates_profiles=True,
        profile_id_path="customer_id",
        session_id_path="cart",
        message_id_path="id",
    )


@pytest.fixture
def post(client: APIClient, source: Source) -> Any:
    """Post JSON text and process it, at once or from the inbox."""

    def post(path: str, body: str, status: int = 200, **headers: str) -> Any:
        body = body.replace("$source", str(source.id)).replace("$key", source.write_key)
        answer = client.post(path, body.encode(), content_type="application/json", **headers)  # type: ignore[arg-type]
        assert answer.status_code == status, answer.content
        accept.ingest(100, at=datetime.now(UTC))
        assert not InboxItem.objects.exists()
        return answer.json()

    return post


def collect(source: Source, *more: str) -> str:
    return "/".join(("/collect", "order-paid", str(source.id), *more))


@pytest.mark.parametrize("nobody", NOBODY)
def test_strangers_stay_strangers_whatever_stands_in_the_place_of_their_ids(
    post: Any, source: Source, shop: Source, nobody: str
) -> None:
    Source.objects.update(trusts_ids=True)
    for name in ("anna", "ben"):
        event = f'{{"type": "sign-up", "properties": {{"firstname": "{name}", "pk": {nobody}}}}}'
        for ids in ("session", "profile"):
            post("/track", f'{{"source": {{"id": "$source"}}, "{ids}": {{"id": {nobody}}}, "events": [{event}]}}')
        for call in ("userId", "anonymousId"):
            own = {"userId": "anonymousId", "anonymousId": "userId"}[call]
            body = f'{{"writeKey": "$key", "event": "x", "{call}": {nobody}, "{own}": "{name}-{call}"}}'
            post("/v1/track", body)
        assert post(collect(shop), f'{{"customer_id": {nobody}, "name": "{name}"}}')["profile"] == {"id": None}
        assert post(collect(shop), f'{{"cart": {nobody}, "name": "{name}"}}')["profile"] == {"id": None}

    assert Profile.objects.count() == 8
    assert not Profile.objects.filter(primary_id__isnull=False).exclude(primary_id__regex="^(anna|ben)-").exists()
    assert Event.objects.filter(type="order-paid").count() == 4
    assert Event.objects.filter(type="sign-up").count() == 4


@pytest.mark.parametrize("nobody", ["undefined", "null", "0", "%20", "-1", "anonymous"])
def test_a_session_in_an_address_that_names_nobody_is_none(
    client: APIClient, post: Any, shop: Source, nobody: str
) -> None:
    link = RedirectFactory()

    for _ in range(2):
        assert post(collect(shop, nobody), "{}")["profile"] == {"id": None}
        client.get(f"/redirect/{link.id}/{nobody}")
    accept.ingest(10, at=datetime.now(UTC))

    assert Event.objects.filter(type="link-clicked").count() == 2
    assert (Profile.objects.count(), Session.objects.count()) == (0, 0)


@pytest.mark.parametrize("nobody", NOBODY)
def test_messages_whose_id_names_none_are_all_kept(post: Any, shop: Source, nobody: str) -> None:
    for n in range(3):
        said = f'"properties": {{"n": {n}}}'
        post("/v1/track", f'{{"writeKey": "$key", "userId": "u{n}", "event": "x", "messageId": {nobody}, {said}}}')
        event = f'{{"type": "y", "id": {nobody}, {said}}}'
        post("/track", f'{{"source": {{"id": "$source"}}, "events": [{event}]}}')
        post(collect(shop), f'{{"id": {nobody}, "n": {n}}}')

    assert Event.objects.filter(type__in=("x", "y", "order-paid"), message_id=None).count() == 9


def test_a_number_is_one_id_however_it_is_written(post: Any, source: Source, shop: Source) -> None:
    for seven in SEVEN:
        post("/v1/identify", f'{{"writeKey": "$key", "userId": {seven}, "traits": {{"a": 1}}}}')
        post("/track", f'{{"source": {{"id": "$source"}}, "session": {{"id": {seven}}}, "events": [{{"type": "x"}}]}}')
        post(collect(shop), f'{{"customer_id": {seven}}}')
        event = f'{{"type": "sign-in", "properties": {{"pk": {seven}}}}}'
        post("/track", f'{{"source": {{"id": "$source"}}, "events": [{event}]}}')

    assert list(Profile.objects.exclude(primary_id=None).values_list("primary_id", flat=True)) == ["7"]
    assert Session.objects.filter(client_id="7").count() == 1
    assert Profile.objects.count() == 3  # the customer, whose session it is, and whom the shop means


def test_whole_numbers_beyond_64_bits_keep_their_digits_everywhere(
    post: Any, client: APIClient, source: Source, shop: Source
) -> None:
    for great in GREAT:
        post("/v1/identify", f'{{"writeKey": "$key", "userId": {great}, "traits": {{"card": {great}}}}}')
        event = f'{{"type": "x", "properties": {{"n": {great}, "deep": [{"{}," * 45}{{"n": 12345678901234567890}}]}}}}'
        post("/track", f'{{"source": {{"id": "$source"}}, "session": {{"id": {great}}}, "events": [{event}]}}')
        post(collect(shop), f'{{"customer_id": {great}, "order_id": {great}}}')

    customers = Profile.objects.exclude(primary_id=None).order_by("primary_id")
    assert [(row.primary_id, row.traits["card"]) for row in customers] == [(great, great) for great in GREAT]
    assert set(Session.objects.values_list("client_id", flat=True)) >= set(GREAT)
    stored = Event.objects.filter(type="x").order_by("id").values_list("properties", flat=True)
    assert [row["n"] for row in stored] == GREAT
    assert {row["deep"][-1]["n"] for row in stored} == {"12345678901234567890"}
    orders = Event.objects.filter(type="order-paid").order_by("id")
    assert [row.properties["order_id"] for row in orders] == GREAT
    assert len({row.profile_id for row in orders}) == 2


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v1/track", '{"writeKey": "$key", "event": "x", "userId": 9.1795953066891e20}', "userId"),
        (
            "/track",
            '{"source": {"id": "$source"}, "session": {"id": 12345678901234567.0}, "events": [{"type": "x"}]}',
            "session.id",
        ),
        ("/collect/paid/$shop", '{"customer_id": 9.1795953066891e20}', "customer_id"),
        ("/collect/paid/$shop", '[{"id": {}}]', "0.id"),
        ("/collect/paid/$shop", '{"a": {"b": "\\u0000"}}', "a.b"),
        ("/v1/identify", '{"writeKey": "$key", "userId": "u", "traits": {"a": "\\u0000"}}', "traits.a"),
        ("/v1/track", '{"writeKey": "$key", "event": "x", "userId": "u\\u0000"}', "userId"),
    ],
)
def test_what_cannot_be_kept_as_it_is_is_refused_by_the_name_that_its_sender_gives_it(
    client: APIClient, source: Source, shop: Source, path: str, body: str, field: str
) -> None:
    text = body.replace("$source", str(source.id)).replace("$key", source.write_key)

    answer = client.post(path.replace("$shop", str(shop.id)), text, content_type="application/json")

    assert answer.status_code in (400, 422)
    assert answer.json()["field"] == field


@pytest.mark.parametrize(
    "page",
    [
        "https://shop.example/?utm_source=a%00b",
        "https://shop.example/?utm_source=a%00b&utm_campaign=%00",
        "https://shop.example/?utm_source=ab&utm_content=%ED%A0%80",
    ],
)
def test_what_an_address_holds_percent_encoded_loses_no_event(post: Any, page: str) -> None:
    context = json.dumps({"page": {"url": page}})
    events = f'{{"type": "page-view", "context": {context}}}, {{"type": "purchase", "properties": {{"total": 5}}}}'

    post("/track", f'{{"source": {{"id": "$source"}}, "session": {{"id": "s"}}, "events": [{events}]}}')
    post("/v1/page", f'{{"writeKey": "$key", "anonymousId": "device", "context": {context}}}')

    assert Event.objects.filter(type__in=("page-view", "purchase")).count() == 3
    assert [row.utm["source"] for row in Session.objects.all()] == ["ab", "ab"]
    assert "campaign" not in Session.objects.all()[0].utm


@pytest.mark.parametrize(
    ("query", "params"),
    [
        ("x=%00&y=1", {"x": "", "y": "1"}),
        ("x=Ren%E9", {"x": "René"}),
        ("x=Ren%C3%A9", {"x": "René"}),
        ("x=%81%E9", {}),
        ("&".join(f"a{n}=1" for n in range(1_001)), {}),
    ],
)
@pytest.mark.parametrize("session", ["", "/a%00b", "/" + "x" * 513])
def test_no_parameter_and_no_session_loses_a_click(
    client: APIClient, query: str, params: dict[str, str], session: str
) -> None:
    link: Redirect = RedirectFactory()

    answer = client.get(f"/redirect/{link.id}{session}?{query}")
    accept.ingest(10, at=datetime.now(UTC))

    assert (answer.status_code, answer["Location"]) == (302, link.url)
    assert Event.objects.get(type="link-clicked").properties["params"] == params


@pytest.mark.parametrize("header", ["Webhook-Id", "X-GitHub-Delivery", "X-Shopify-Webhook-Id", "Idempotency-Key"])
@pytest.mark.parametrize("is_asynchronous", [False, True])
def test_a_webhook_that_is_delivered_again_counts_once(post: Any, header: str, is_asynchronous: bool) -> None:
    hook = SourceFactory(kind=Source.Kind.WEBHOOK, is_asynchronous=is_asynchronous)
    name = "HTTP_" + header.upper().replace("-", "_")

    for delivery in ("msg-1", "msg-1", "msg-2"):
        post(collect(hook), '{"total": 7}', **{name: delivery})

    assert list(Event.objects.order_by("id").values_list("message_id", flat=True)) == ["msg-1", "msg-2"]


@pytest.mark.parametrize("nobody", ["undefined", "null", "0", " "])
def test_a_header_that_names_no_delivery_does_not_hide_the_next_one(post: Any, nobody: str) -> None:
    hook = SourceFactory(kind=Source.Kind.WEBHOOK)
    headers = {"HTTP_WEBHOOK_ID": nobody, "HTTP_X_EVENT_ID": "e1"}

    first, second = (post(f"/collect/paid/{hook.id}", "{}", **headers) for _ in range(2))

    assert Event.objects.filter(type="paid").count() == 1
    assert (first["warnings"], [warning["field"] for warning in second["warnings"]]) == ([], ["X-Event-Id"])


def test_an_item_of_a_list_and_a_delivery_of_its_own_are_two(post: Any) -> None:
    hook = SourceFactory(kind=Source.Kind.WEBHOOK)
    deliveries = [('[{"n": 1}]', "z"), ('{"n": 2}', "z.0"), ('[{"n": 1}]', "z")]

    told = [post(f"/collect/paid/{hook.id}", body, HTTP_WEBHOOK_ID=id)["warnings"] for body, id in deliveries]

    assert [row.properties for row in Event.objects.filter(type="paid").order_by("id")] == [{"n": 1}, {"n": 2}]
    assert [[warning["field"] for warning in each] for each in told] == [[], [], ["0"]]


def test_the_id_in_the_message_comes_before_that_of_its_delivery(post: Any, shop: Source) -> None:
    for delivery, message in (("a", "evt-1"), ("b", "evt-1"), ("a", "evt-2"), ("a", "null"), ("a", "")):
        post(collect(shop), json.dumps({"id": message}), HTTP_WEBHOOK_ID=delivery)

    assert set(Event.objects.values_list("message_id", flat=True)) == {"evt-1", "evt-2", "a"}
    assert Event.objects.count() == 3


@pytest.mark.parametrize("is_asynchronous", [False, True])
def test_each_item_of_a_list_that_a_webhook_posts_is_an_event(post: Any, shop: Source, is_asynchronous: bool) -> None:
    Source.objects.filter(pk=shop.pk).update(is_asynchronous=is_asynchronous)
    items = [
        {"id": "1", "customer_id": "anna"},
        {"id": "2", "customer_id": "ben"},
        "no object",
        {"id": {}},
        {"id": "3"},
    ]

    for _ in range(2):
        answer = post(collect(shop), json.dumps(items), HTTP_WEBHOOK_ID="delivery")

        assert sorted(error["index"] for error in answer["errors"]) == [2, 3]

    events = Event.objects.filter(type="order-paid")
    assert sorted(events.values_list("message_id", flat=True)) == ["1", "2", "3"]
    assert len({event.profile_id for event in events} - {None}) == 2


def test_of_a_list_without_ids_each_item_has_its_place_in_the_delivery(post: Any) -> None:
    hook = SourceFactory(kind=Source.Kind.WEBHOOK)

    for _ in range(2):
        post(collect(hook), '[{"a": 1}, {"a": 1}]', HTTP_WEBHOOK_ID="delivery")

    assert Event.objects.count() == 2


def test_a_list_has_a_limit_and_may_be_empty_or_wrong_as_a_whole(post: Any, shop: Source, settings: Any) -> None:
    settings.MAX_EVENTS_PER_REQUEST = 2

    assert post(collect(shop), "[]") is None
    assert post(collect(shop), "[1, 2]", status=422)["code"] == "invalid_type"
    assert post(collect(shop), "[{}, {}, {}]", status=422)["code"] == "too_many"
    assert not Event.objects.exists()


def test_an_empty_list_stands_for_an_empty_object(post: Any) -> None:
    empty = '"context": [], "properties": [], "traits": []'
    post("/v1/track", f'{{"writeKey": "$key", "userId": "u", "event": "x", {empty}}}')
    post("/v1/identify", f'{{"writeKey": "$key", "userId": "u", {empty}}}')
    event = '{"type": "y", "context": [], "properties": []}'
    parts = '"session": [], "profile": [], "context": [], "properties": [], "options": []'
    post("/track", f'{{"source": {{"id": "$source"}}, {parts}, "events": [{event}]}}')

    assert set(Event.objects.filter(type__in=("x", "identify", "y")).values_list("type", flat=True)) == {
        "x",
        "identify",
        "y",
    }


def test_one_address_in_two_spellings_of_unicode_is_one_person(post: Any) -> None:
    spellings = [
        "andr\u00e9@m\u00fcnchen.example",
        "Andre\u0301@xn--mnchen-3ya.example",
        "\ufeffandr\u00e9@mu\u0308nchen.example\u200b",
    ]
    for n, address in enumerate(spellings):
        post(
            "/v1/identify", json.dumps({"writeKey": "$key", "anonymousId": f"device-{n}", "traits": {"email": address}})
        )

    assert Profile.objects.count() == 1


def test_a_byte_order_mark_is_no_part_of_a_body(client: APIClient, source: Source, shop: Source) -> None:
    Source.objects.filter(pk=shop.pk).update(is_asynchronous=True)
    bodies = {
        "/track": json.dumps(track_body(source, "a")),
        "/v1/track": json.dumps({"writeKey": source.write_key, "userId": "u", "event": "b"}),
        collect(shop): '{"c": 1}',
    }

    for path, body in bodies.items():
        for kind in ("application/json", "application/x-www-form-urlencoded"):
            answer = client.post(path, b"\xef\xbb\xbf" + body.encode(), content_type=kind)
            assert answer.status_code == 200, answer.content
    accept.ingest(10, at=datetime.now(UTC))

    assert Event.objects.filter(type__in=("a", "b", "order-paid")).count() == 6


@pytest.mark.parametrize(
    ("name", "charset"),
    [
        (b"Ren%E9", ""),
        (b"Ren%C3%A9", ""),
        (b"Ren\xe9", ""),
        (b"Ren%E9", "; charset=ISO-8859-1"),
        (b"Ren%C3%A9", "; charset=UTF-8"),
    ],
)
def test_a_form_is_read_in_the_encoding_that_it_is_in(
    client: APIClient, shop: Source, name: bytes, charset: str
) -> None:
    client.post(collect(shop), b"name=" + name, content_type=f"application/x-www-form-urlencoded{charset}")
    if not charset:
        client.generic("GET", collect(shop), QUERY_STRING="name=" + name.decode("latin-1"))
    part = b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nRen\xe9\r\n--x--\r\n'
    client.post(collect(shop), part, content_type="multipart/form-data; boundary=x")

    assert {event.properties["name"] for event in Event.objects.all()} == {"René"}


PACKED = {
    "gzip": [gzip.compress, lambda body: gzip.compress(body[:9]) + gzip.compress(body[9:])],
    "X-Gzip": [gzip.compress],
    "deflate": [zlib.compress, lambda body: zlib.compress(body)[2:-4]],
    "identity": [bytes],
}


@pytest.mark.parametrize("encoding", PACKED)
def test_compressed_bodies_are_inflated_on_every_way_in(
    client: APIClient, source: Source, shop: Source, encoding: str
) -> None:
    bodies = {
        ("/track", "application/json"): json.dumps(track_body(source, "a")).encode(),
        ("/v1/track", "application/json"): json.dumps(
            {"writeKey": source.write_key, "userId": "u", "event": "a"}
        ).encode(),
        (collect(shop), "text/plain"): b'{"a": "and some more"}',
        (collect(shop), "application/x-www-form-urlencoded"): b"a=and+some+more",
        (collect(shop), "multipart/form-data; boundary=x"): (
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nand some more\r\n--x--\r\n'
        ),
    }
    for pack in PACKED[encoding]:
        for (path, kind), body in bodies.items():
            answer = client.post(path, pack(body), content_type=kind, HTTP_CONTENT_ENCODING=encoding)
            assert answer.status_code == 200, answer.content
    accept.ingest(10, at=datetime.now(UTC))

    assert Event.objects.filter(type="a").count() == 2 * len(PACKED[encoding])
    orders = [event.properties for event in Event.objects.filter(type="order-paid")]
    assert orders == [{"a": "and some more"}] * (3 * len(PACKED[encoding]))


@pytest.mark.parametrize(
    ("body", "encoding", "status", "code"),
    [
        (b"no gzip", "gzip", 400, "invalid_gzip"),
        (gzip.compress(b"{}", mtime=0)[:-5], "gzip", 400, "invalid_gzip"),
        (gzip.compress(b"{}", mtime=0) + b"garbage", "gzip", 400, "invalid_gzip"),
        (zlib.compress(b"{}")[:-5], "deflate", 400, "invalid_deflate"),
        (zlib.compress(b"{}") + b"garbage", "deflate", 400, "invalid_deflate"),
        (gzip.compress(b" " * 3_000_000, mtime=0), "gzip", 413, "too_large"),
        (gzip.compress(b" " * 1_500_000, mtime=0) * 2, "gzip", 413, "too_large"),
        (zlib.compress(b" " * 3_000_000), "deflate", 413, "too_large"),
        (b"{}", "br", 415, "unsupported_encoding"),
        (b"{}", "zstd", 415, "unsupported_encoding"),
        (b"{}", "gzip, gzip", 415, "unsupported_encoding"),
    ],
)
@pytest.mark.parametrize("path", ["/track", "/v1/batch", "/collect/a/HOOK", "/customer/consent"])
def test_a_body_that_cannot_be_inflated_is_refused_with_the_reason(
    client: APIClient, path: str, body: bytes, encoding: str, status: int, code: str
) -> None:
    path = path.replace("HOOK", str(SourceFactory(kind=Source.Kind.WEBHOOK).id))  # of others nothing is inflated

    answer = client.post(path, body, content_type="application/json", HTTP_CONTENT_ENCODING=encoding)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["field"] == ("" if status == 413 else "Content-Encoding")


@pytest.mark.parametrize("name", ["\\ufeffOrder Placed", "Order\\u200b Placed\\u200b", "Or\\u00adder Placed"])
def test_what_nobody_sees_makes_no_other_type_of_event(post: Any, name: str) -> None:
    post("/track", f'{{"source": {{"id": "$source"}}, "events": [{{"type": "{name}"}}]}}')
    post("/v1/track", f'{{"writeKey": "$key", "userId": "anna", "event": "{name}"}}')

    assert list(Event.objects.filter(type__contains="placed").values_list("type", flat=True)) == ["order-placed"] * 2


def test_a_type_of_which_nobody_sees_anything_is_refused_by_name(post: Any) -> None:
    answer = post("/track", '{"source": {"id": "$source"}, "events": [{"type": "\\u200b"}, {"type": "x"}]}')
    assert [(error["code"], error["field"]) for error in answer["errors"]] == [("required", "events.0.type")]
    answer = post("/v1/track", '{"writeKey": "$key", "userId": "anna", "event": "\\u200b"}', 422)
    assert answer["field"] == "event"
