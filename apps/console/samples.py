"""A small shop's last thirty days, sent through the pipeline: something to look at in a fresh installation."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from apps.alerts.models import Alert
from apps.collector import accept
from apps.collector.envelope import Envelope
from apps.collector.wire import Message
from apps.console import sample_flows
from apps.events import sources
from apps.events.models import Event, InboxItem, Redirect, Source
from apps.heartbeats import definitions as heartbeats
from apps.heartbeats.models import Heartbeat
from apps.heartbeats.strategy import strategies
from apps.profiles.models import ConsentType, Profile
from apps.segments import definitions
from apps.segments.models import Segment

PEOPLE, DAYS, SEED = 200, 30, 20261123
FIRST_NAMES = ["Anna", "Ben", "Carla", "David", "Elif", "Finn", "Greta", "Hugo", "Ines", "Jonas", "Klara", "Luis"]
LAST_NAMES = ["Adler", "Berg", "Costa", "Dahl", "Evans", "Fischer", "Garcia", "Holm", "Ito", "Jansen", "Keller"]
PLACES = [
    ("DE", "Germany", "Berlin", "de-DE", "Europe/Berlin"),
    ("AT", "Austria", "Vienna", "de-AT", "Europe/Vienna"),
    ("FR", "France", "Lyon", "fr-FR", "Europe/Paris"),
    ("GB", "United Kingdom", "Leeds", "en-GB", "Europe/London"),
    ("ES", "Spain", "Sevilla", "es-ES", "Europe/Madrid"),
    ("US", "United States", "Austin", "en-US", "America/Chicago"),
]
AGENTS = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_6) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 "
    "Safari/605.1.15",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 "
    "Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 "
    "Mobile Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
]
CAMPAIGNS = [
    {},
    {},
    {"source": "newsletter", "medium": "email", "campaign": "autumn-sale"},
    {"source": "search", "medium": "cpc", "campaign": "brand"},
    {"source": "social", "medium": "paid", "campaign": "vinyl-week"},
]
PRODUCTS = [
    ("kind-of-blue", "Kind of Blue", "jazz", 24.9),
    ("blue-train", "Blue Train", "jazz", 22.5),
    ("rumours", "Rumours", "rock", 27.0),
    ("abbey-road", "Abbey Road", "rock", 29.9),
    ("goldberg", "Goldberg Variations", "classical", 18.0),
    ("requiem", "Requiem", "classical", 19.5),
    ("turntable", "Turntable T-90", "hardware", 249.0),
]
SEGMENTS = {
    "regular-customers": ("Regular customers", 'COUNT("sale-completed" LAST 60 DAYS) >= 2'),
    "left-before-paying": (
        "Left before paying",
        'DID("checkout-started" LAST 30 DAYS) AND DID NOT("sale-completed" LAST 30 DAYS)',
    ),
    "jazz-lovers": ("Jazz lovers", "profile@interests.jazz >= 3"),
    "may-be-written-to": ("May be written to", 'CONSENTED("marketing-email")'),
}
HEARTBEATS = {
    "Closes sessions": ("session-not-closed", timedelta(minutes=30), "*/5 * * * *"),
    "Notices who stops half-way": ("inactive-session", timedelta(minutes=15), "*/5 * * * *"),
    "Misses people": ("inactive-profile", timedelta(days=14), "30 4 * * *"),
}
CONSENT = "marketing-email"
SILENCE = "The sample shop falls silent"
# Off: nobody sends more than the samples.
SILENCE_OF_THE_SHOP = {
    "kind": "silent_source",
    "is_enabled": False,
    "description": "An example: switch it on once the shop sends. Look into the log of the shop's server first.",
}
SHOP = "https://shop.example"

TRACK = InboxItem.Dialect.TRACK

Body = dict[str, Any]


def load(*, now: datetime) -> str:
    """Make the sources, segments, flows and all events of the sample shop, and say in a sentence what there is now."""
    shop, _ = Source.objects.get_or_create(name="Sample shop", defaults={"channel": "web"})
    Source.objects.get_or_create(
        name="Sample payment provider",
        defaults={"kind": Source.Kind.WEBHOOK, "creates_profiles": True, "profile_id_path": "customer.id"},
    )
    links, _ = Source.objects.get_or_create(name="Sample links", defaults={"kind": Source.Kind.REDIRECT})
    Redirect.objects.get_or_create(name="Autumn sale", defaults={"source": links, "url": f"{SHOP}/sale"})
    text = "The shop may write to me about its offers. I can withdraw this at any time."
    ConsentType.objects.get_or_create(id=CONSENT, defaults={"name": "Marketing e-mails", "text": text})
    policy = sources.find(str(shop.id))
    assert policy is not None
    bodies = sorted(_bodies(random.Random(SEED), shop.id, now=now), key=lambda pair: pair[0])  # noqa: S311
    for start in range(0, len(bodies), 200):
        part = bodies[start : start + 200]
        messages = [Message(TRACK, orjson.dumps(body), Envelope(policy, now)) for _, body in part]
        accept.history(messages, at=now)
    for key, (name, condition) in SEGMENTS.items():
        if not Segment.objects.filter(key=key).exists():
            definitions.save(Segment(key=key, name=name, condition=condition))
    for name, (key, wait_period, schedule) in HEARTBEATS.items():
        if not Heartbeat.objects.filter(name=name).exists():
            rearm = strategies[key].rearm
            row = Heartbeat(name=name, strategy=key, wait_period=wait_period, schedule=schedule, rearm=rearm)
            heartbeats.save(row, now=now)
    sample_flows.load(now=now)
    Alert.objects.get_or_create(name=SILENCE, defaults={**SILENCE_OF_THE_SHOP, "params": {"source": str(shop.id)}})
    return f"{Event.objects.count()} events of {Profile.objects.count()} people in a sample shop"


def _bodies(dice: random.Random, source_id: UUID, *, now: datetime) -> Iterator[tuple[datetime, Body]]:
    for number in range(PEOPLE):
        person = _Person(dice, number)
        for _ in range(dice.choice((1, 1, 1, 2, 2, 3, 5))):
            at = now - timedelta(seconds=dice.randrange(600, DAYS * 86_400))
            yield at, person.visit(source_id, at)


class _Person:
    """Somebody who visits the shop, always from the same place and device."""

    def __init__(self, dice: random.Random, number: int) -> None:
        self._dice = dice
        self._place = dice.choice(PLACES)
        self._agent = dice.choice(AGENTS)
        self._first, self._last = dice.choice(FIRST_NAMES), dice.choice(LAST_NAMES)
        self._email = f"{self._first}.{self._last}{number}@example.com".lower()
        self._number = f"C-{1000 + number}"
        self._profile = str(UUID(int=dice.getrandbits(128), version=4))
        self._is_customer = dice.random() < 0.55
        # What they decide when they sign up for the first time; every fifth customer is not asked.
        self._decisions = [[True], [True], [False], [True, False], []][number % 5]

    def visit(self, source_id: UUID, at: datetime) -> Body:
        """Describe one visit as a tracker does."""
        code, country, city, language, zone = self._place
        campaign = self._dice.choice(CAMPAIGNS)
        context = {
            "time": {"tz": zone},
            "browser": {"local": {"browser": {"userAgent": self._agent, "language": language}}},
            "location": {"country": {"code": code, "name": country}, "city": city},
            **({"utm": campaign} if campaign else {}),
        }
        events = []
        for type_, properties, path in self._steps():
            page = {"url": f"{SHOP}{path}", "path": path, "title": path.strip("/").replace("-", " ").title() or "Home"}
            time = {"create": at.isoformat()}
            events.append({"type": type_, "properties": properties, "context": {"page": page}, "time": time})
            events += self._decide(at) if type_ == "sign-up" else ()
            at += timedelta(seconds=self._dice.randrange(5, 90))
        session = str(UUID(int=self._dice.getrandbits(128), version=4))
        return {
            "source": {"id": str(source_id)},
            "session": {"id": session},
            "profile": {"id": self._profile},
            "context": context,
            "events": events,
            "options": {"historical": True},
        }

    def _decide(self, at: datetime) -> Iterator[Body]:
        """Answer the consent form right after, once."""
        decisions, self._decisions = self._decisions, []
        for seconds, decision in enumerate(decisions, 1):
            time = {"create": (at + timedelta(seconds=seconds)).isoformat()}
            yield {"type": "consent-update", "properties": {"consents": {CONSENT: decision}}, "time": time}

    def _steps(self) -> Iterator[tuple[str, Body, str]]:
        yield "page-view", {"category": "home"}, "/"
        if self._dice.random() < 0.3:
            yield "search", {"query": self._dice.choice(("jazz", "vinyl", "gift", "turntable"))}, "/search"
        basket = self._dice.sample(PRODUCTS, self._dice.randrange(1, 4))
        for sku, name, category, price in basket:
            product = {"id": sku, "sku": sku, "name": name, "category": category, "price": price}
            yield "product-details-page-view", product, f"/products/{sku}"
            yield "increase-interest", {"interest": category}, f"/products/{sku}"
            if self._is_customer:
                yield "product-added-to-basket", {**product, "quantity": 1}, f"/products/{sku}"
        if self._is_customer:
            yield from self._purchase(round(sum(price for *_, price in basket), 2))

    def _purchase(self, value: float) -> Iterator[tuple[str, Body, str]]:
        _, country, city, *_ = self._place
        order = f"O-{self._dice.randrange(10_000, 99_999)}"
        yield "sign-up", {"email": {"main": self._email}, "firstname": self._first, "lastname": self._last}, "/account"
        yield "sign-in", {"pk": self._number, "email": {"main": self._email}}, "/account"
        yield "checkout-started", {"id": order, "order_id": order, "value": value, "currency": "EUR"}, "/checkout"
        if self._dice.random() < 0.7:
            yield (
                "delivery-info-entered",
                {"order_id": order, "delivery": {"town": city, "country": country}},
                "/checkout",
            )
            yield "checkout-completed", {"id": order, "value": value}, "/checkout"
            yield "sale-completed", {"order_id": order, "value": value, "currency": "EUR"}, "/thank-you"
