"""Each ready flow can be published once what it needs is there, and says all that it needs; drafts are made of it."""

import json
from itertools import combinations
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.api.scopes import Scope
from apps.core.mistakes import DefinitionError
from apps.core.models import AuditEntry
from apps.flows import definition
from apps.flows.admin.picture import cards_of
from apps.flows.changing import portable
from apps.flows.changing.needs import needs
from apps.flows.models import Flow
from apps.flows.ready import inventory
from apps.flows.ready.inventory import WHERE, WORDS
from apps.flows.ready.ready_flows import FIELD, FOLDER, PAGE, SITE, ReadyFlow, make_draft, ready_flows
from tests.bridges.factories import ConnectionFactory
from tests.factories import ANNA, NOON, EventFactory
from tests.flows.drawing import published
from tests.flows.ready.in_memory import HOME, make_all_that_is_needed
from tests.programs import program

pytestmark = pytest.mark.django_db
ALL = pytest.mark.parametrize("ready", ready_flows().values(), ids=lambda ready: ready.key)


def draft_of(key: str, **connections: str) -> Flow:
    return make_draft(ready_flows()[key], site=HOME, connections=connections, actor=ANNA, now=NOON)


def test_the_ones_that_lifecycles_begin_with_are_there() -> None:
    assert set(ready_flows()) == {
        *("welcome-series", "abandoned-cart", "browse-abandonment", "win-back", "replenishment", "lead-scoring"),
        *("consent-renewal", "nps", "birthday", "vip-alert", "price-drop", "onboarding"),
    }


@ALL
def test_it_is_a_file_as_export_writes_it(ready: ReadyFlow) -> None:
    file = FOLDER / f"{ready.key}.json"

    assert file.read_text() == portable.written(ready.file) + "\n"
    assert ready.description.endswith(".")
    call_command("flow", "import", str(file))
    assert Flow.objects.get().draft == ready.file["definition"]


@ALL
def test_its_nodes_have_places_of_their_own(ready: ReadyFlow) -> None:
    """Whoever adds one arranges it in the editor, and exports it."""
    cards = list(cards_of(ready.file["definition"]).values())

    for one, other in combinations(cards, 2):
        apart = one.x + one.width <= other.x or other.x + other.width <= one.x
        assert apart or one.y + one.height <= other.y or other.y + other.height <= one.y, (one.name, other.name)


@ALL
def test_it_can_be_published_once_what_it_needs_is_there(ready: ReadyFlow) -> None:
    make_all_that_is_needed(ready)

    row = draft_of(ready.key)

    doubts = [str(each) for each in definition.check(row.draft, row)]
    assert [each for each in doubts if "was not seen yet" not in each and "came lately" not in each] == []
    assert published(row).number == 1
    assert SITE not in json.dumps(row.draft)


@ALL
def test_it_says_all_that_it_needs(ready: ReadyFlow) -> None:
    told = {(need.what, need.name) for need in ready.needs}
    text = json.dumps(ready.file["definition"], ensure_ascii=False)
    named = {(what, name) for what, names in needs(ready.file["definition"]).items() for name in names}

    assert named <= told
    assert all(name in text or name.removeprefix("profile@") in text for _, name in told)
    pages = {page for what, page in told if what == PAGE}
    assert all(any(rest.startswith(page) for page in pages) for rest in text.split(SITE)[1:])
    assert {what for what, _ in told} <= set(WORDS) == set(WHERE)


def test_a_draft_leads_to_the_site_and_takes_the_connections_that_are_named() -> None:
    ConnectionFactory(name="Our mail", kind="smtp")

    row = draft_of("welcome-series", **{"Shop mail": "Our mail"})

    assert (row.key, row.state, row.version) == ("welcome-series", "off", None)
    [hello] = (node for node in row.draft["nodes"] if node["id"] == "hello")
    assert hello["settings"]["connection"] == "Our mail"
    assert f'href="{HOME}/bestsellers"' in hello["settings"]["html"]
    assert AuditEntry.objects.get().action == "imported"


@pytest.mark.parametrize("site", ["", "shop", "http://shop.example", "https://shop.example/de", 'https://a.b"'])
def test_a_site_that_is_no_address_is_refused(site: str) -> None:
    with pytest.raises(DefinitionError, match="site"):
        ready_flows()["welcome-series"].drafted(site=site, connections={})


@pytest.mark.parametrize("name", ["a\0b", "a\ud800"])
def test_a_name_that_cannot_be_stored_is_refused(name: str) -> None:
    ready = next(iter(ready_flows().values()))

    with pytest.raises(DefinitionError) as refused:
        make_draft(ready, site="https://a.example", connections={}, actor=ANNA, now=NOON, name=name)

    assert refused.value.field == "name"


def test_a_connection_that_it_does_not_name_and_a_key_that_there_is_are_refused() -> None:
    with pytest.raises(DefinitionError, match="It needs Shop mail"):
        draft_of("welcome-series", Post="Our mail")
    draft_of("welcome-series")
    with pytest.raises(DefinitionError, match="There is a flow welcome-series already"):
        draft_of("welcome-series")


def test_what_is_there_is_told_from_what_is_not() -> None:
    ready = ready_flows()["win-back"]
    names = [need.name for need in ready.needs if inventory.taken([ready]).has(need)]
    assert names == []

    make_all_that_is_needed(ready)
    EventFactory(type="order-completed")
    ConnectionFactory(name="A mail", kind="smtp")
    there = inventory.taken([ready])

    has = {need.name: there.has(need) for need in ready.needs if need.what != FIELD}
    assert {name: has[name] for name in ("order-completed", "active-customers", "marketing-email", "Shop mail")} == {
        **dict.fromkeys(("order-completed", "active-customers", "marketing-email", "Shop mail"), True)
    }
    assert has["/new"] is None
    assert there.stand_ins(ready) == {"Shop mail": "Shop mail"}
    assert there.stand_ins(ready_flows()["vip-alert"]) == {"Shop mail": "Shop mail"}


def test_events_of_another_name_for_the_same_thing_count() -> None:
    EventFactory(type="product-added-to-basket")
    ready = ready_flows()["abandoned-cart"]

    there = inventory.taken([ready])

    assert {need.name: there.has(need) for need in ready.needs if need.what == "event_type"} == {
        **{"product-added": True, "order-completed": False}
    }


def test_the_command_lists_shows_and_makes_drafts(capsys: pytest.CaptureFixture[str]) -> None:
    def flow(*args: str) -> list[str]:
        call_command("flow", "ready", *args)
        return capsys.readouterr().out.splitlines()

    assert len(flow()) == len(ready_flows())
    shown = flow("welcome-series")
    assert shown[0].startswith("Welcome series: Whoever agrees")
    assert "Connection Shop mail: The mail server that sends the letters. Add one under Connections." in shown
    ConnectionFactory(name="Our mail", kind="smtp")
    made = flow("welcome-series", "--import", "--site", HOME)
    assert made[0] == "welcome-series is here, as a draft."
    assert "Connection Shop mail: The mail server that sends the letters. It is there." in made
    assert '"Our mail"' in json.dumps(Flow.objects.get().draft)
    flow("vip-alert", "--import", "--site", HOME, "--name", "Good customers", "--connection", "Shop mail=Post")
    assert '"Post"' in json.dumps(Flow.objects.get(key="good-customers", name="Good customers").draft)
    for args in (["welcome"], ["nps", "--import"], ["nps", "--import", "--site", HOME, "--connection", "x"]):
        with pytest.raises(CommandError):
            flow(*args)


def test_programs_list_them_and_make_drafts() -> None:
    client = program(Scope.FLOWS_READ, Scope.FLOWS_WRITE)
    listed = client.get("/api/ready-flows").json()["results"]
    [cart] = (each for each in listed if each["key"] == "abandoned-cart")
    assert {need["name"]: need["is_there"] for need in cart["needs"] if need["what"] in ("consent", "page")} == {
        **{"marketing-email": False, "/cart": None, "/contact": None, "/unsubscribe?id=": None}
    }

    def draft(key: str, **body: Any) -> Any:
        return client.post(f"/api/ready-flows/{key}/draft", body, format="json")

    assert draft("abandoned-cart", site=HOME, connections={"Shop mail": "Our mail"}).status_code == 201
    assert '"Our mail"' in json.dumps(Flow.objects.get().draft)
    assert draft("no-such", site=HOME).status_code == 404
    assert [draft("nps").json()["field"], draft("nps", site="shop").json()["field"]] == ["site", "site"]
    assert draft("abandoned-cart", site=HOME).json()["field"] == "name"
    assert draft("abandoned-cart", site=HOME, name="Cart of the Danish shop").json()["key"] == "cart-of-the-danish-shop"
    assert program(Scope.FLOWS_READ).post("/api/ready-flows/nps/draft", {}).status_code == 403
