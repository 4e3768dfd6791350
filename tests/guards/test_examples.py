"""Examples work: those that forms show, in their inputs and help texts, and those of the documentation."""

import ast
import json
import re
import shlex
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps import conditions
from apps.conditions.parse import parse_field
from apps.console import samples
from apps.core import paths, templating
from apps.core.admin.conditions.languages import LANGUAGES
from apps.events import compliance, webhook_signing
from apps.events.admin import webhook_example
from apps.events.computed_traits import definitions, previews
from apps.events.event_types import compiling, reshaping
from apps.events.event_types import default_types as event_types
from apps.events.models import ComputedTrait, Event, Source
from apps.flows import templates
from apps.flows.trying import trials
from apps.profiles import schema
from apps.segments import catalogue
from tests.factories import ComputedTraitFactory, ConsentTypeFactory, SegmentFactory, SourceFactory

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[2]
DOCS = {file.name: file.read_text() for file in [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md"]}
# What in a text for people is an example: a field, a path, or JSON.
EXAMPLE = re.compile(r'@[a-z]\w*|\b(?:properties|traits|context|data)\.[a-z]|\{"|^[a-z]\w*(?:\.[a-z]\w*)+$')
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sample shop, and what else the examples name."""
    monkeypatch.setattr(samples, "PEOPLE", 40)
    samples.load(now=timezone.now())
    SegmentFactory.create(key="vip", kind="list")
    definitions.save(ComputedTraitFactory.build(key="orders", event_types=["sale-completed"]))
    ConsentTypeFactory.create(id="letters")


# --- Forms ---


def is_true_of_some(name: str, text: str) -> None:
    """Ask the shop, as the administrator does."""
    language = LANGUAGES[name]
    table = {"people": "profiles_profile AS p", "events": "events_event AS e"}[name]
    condition = language.parse(text, user=User(is_superuser=True))
    assert conditions.doubts(condition, language.catalogue()) == []
    sql, params = conditions.to_sql(condition, now=timezone.now(), layout=language.layout())
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table} WHERE {sql}", params)
        assert cursor.fetchone()[0] > 0, text


def people(text: str) -> None:
    is_true_of_some("people", text)


def events(text: str) -> None:
    is_true_of_some("events", text)


def messages(text: str) -> None:
    LANGUAGES["messages"].parse(text, user=User(is_superuser=True))


def named(text: str) -> None:
    """Ask about what there is in every installation that has something of that name."""
    conditions.parse(text if " " in text else f"{text} EXISTS", catalogue=catalogue.people())


def counts_something(**definition: Any) -> None:
    row = ComputedTrait(
        key="tried", event_types=["sale-completed"], version=1, **{"path": "", "condition": "", **definition}
    )
    assert any(said is not None for _, said in previews.preview(definitions.compile(row), now=timezone.now()))


def value(text: str) -> None:
    counts_something(function="first", path=text)


def only_if(text: str) -> None:
    counts_something(function="count", condition=text)


def must_hold(text: str) -> None:
    of_sale = event_types.load()["sale-completed"]
    sale = Event.objects.filter(type="sale-completed").latest("time")
    check = compiling.compile({**of_sale, "condition": text}).check
    assert check
    scope = {"event": {"type": sale.type, "properties": sale.properties}, "session": {}, "payload": {}}
    assert check.problems(sale.properties, lambda: scope, now=sale.time) == []


def reshapes(text: str) -> None:
    reshaping.compile_reshape(json.loads(text))


def computes(text: str) -> None:
    compiling.compile({"id": "a", "name": "A", "group": "a", "compute": json.loads(text)})


def compliant(text: str) -> None:
    compliance.parse(text)


def path(text: str) -> None:
    paths.parse(text)


def field(text: str) -> None:
    assert schema.find(text)


def made_person(text: str) -> None:
    assert trials.read({"profile": json.loads(text)}).profile


def made_event(text: str) -> None:
    assert trials.read({"event": {"type": "sale-completed", "properties": json.loads(text)}}).event


def mapping(text: str) -> None:
    """The inputs of a row of the mappings, together."""
    compiled = compiling.compile(
        {
            "id": "a",
            "name": "A",
            "group": "a",
            "traits": {"data.order.total": "order.total"},
            "profile": {"traits.plan": {"equals": "properties.plan", "when": "profile@traits.plan IS NULL"}},
            "redact": {"card.number": "last4"},
        }
    )
    assert compiled.fields


SHOWN: dict[str, Callable[[str], None]] = {
    'profile@visits.count >= 5 AND DID("sale-completed" LAST 90 DAYS)': people,
    'event@type = "sale-completed" AND event@properties.value > 50': events,
    'message@body.type = "order" AND message@body.total > 50': messages,
    'profile@segments CONTAINS "vip"': named,
    "profile@computed.orders": named,
    'event@properties.currency = "EUR"': only_if,
    "properties.value": value,
    "traits.data.ec.order.id": value,
    "context.page.url": value,
    "event@properties.value >= 0 AND event@properties.currency EXISTS": must_hold,
    '{"properties": {"total": "event@properties.cart.sum", "code?": "event@properties.coupon"}}': reshapes,
    '{"data.metrics.ltcop": {"percentage": ["data.metrics.ltcocc", "data.metrics.ltcosc"]}}': computes,
    '{"interests": {"add": "properties.value", "name": "properties.interest", "default": 1}}': computes,
    '{"name": "Anna", "traits": {"plan": "pro"}, "consents": ["marketing-email"]}': made_person,
    '{"value": 30}': made_event,
    "event@properties.email": compliant,
    "event@context.page.url": compliant,
    "address.street": path,
    "email.main": path,
    "data.job.position": field,
    "*@agency.example": lambda text: None,  # no field, but a pattern of addresses: tests/profiles/test_identifiers.py
    **dict.fromkeys(
        (
            "order.total",
            "data.order.total",
            "traits.plan",
            "properties.plan",
            "profile@traits.plan IS NULL",
            "card.number",
        ),
        mapping,
    ),
}


def texts_of_forms() -> Iterator[tuple[str, str]]:
    """Yield what the code shows beside and in inputs: help texts and placeholders."""
    for file in sorted((ROOT / "apps").rglob("*.py")):
        if {"migrations", "management", "api"} & set(file.parts):  # none of these is a form
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            for text in _shown(node):
                yield file.name, text
    for file in sorted((ROOT / "templates").rglob("*.html")):
        for text in re.findall(r'placeholder="([^"{]+)"', file.read_text()):
            yield file.name, text


def _shown(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.keyword(arg="help_text" | "placeholder", value=ast.Constant(str() as text)):
            yield text
        case ast.Dict(keys, values):
            for key, of_key in zip(keys, values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "placeholder" and isinstance(of_key, ast.Constant):
                    yield str(of_key.value)
        case ast.Assign(targets=[ast.Name("help_texts")], value=ast.Dict(_, values)):
            yield from (str(each.value) for each in values if isinstance(each, ast.Constant))
        case ast.Call(func=ast.Name("Column"), args=[_, _, ast.Constant(str() as text), *_]):
            yield text


def test_each_example_that_a_form_shows_is_run_below() -> None:
    shown = list(texts_of_forms())
    left = []
    for name, text in shown:
        for example in sorted(SHOWN, key=len, reverse=True):
            text = text.replace(example, "")
        if EXAMPLE.search(text):
            left.append(f"{name}: {text}")

    assert left == []
    assert len(shown) > 60
    assert [example for example in SHOWN if not any(example in text for _, text in shown)] == []


def test_examples_that_forms_show_work(shop: None) -> None:
    for example, run in SHOWN.items():
        run(example)


# --- Documentation ---

OF_FLOWS = {"flow-runs.md", "flows.md", "nodes.md", "waits.md"}  # which have templates of their own
CODE = re.compile(r"`([^`\n]+)`")
ROOTS = re.compile(r"\b(?:profile|event|session|payload|item)@")
WORDS = re.compile(
    r"^(?:COUNT|SUM|AVERAGE|MIN|MAX|FIRST|LAST|DISTINCT|DID|DID NOT|SEQUENCE|ANY|ALL|NOT"
    r"|CONSENTED|WITHDREW|EXPIRED|NEVER ASKED)\("
)
# What the table of tests writes for values, fields and events.
STANDS_FOR = {
    r"\ba\b": "profile@traits.plan",
    r"\bb\b": '"x"',
    r"\bc\b": '"y"',
    r"\bevents\b": '"sale-completed"',
    r"\bfield\b": "event@properties.value",
}
SIGNS = re.compile(
    r"^a (?:[=!<>]|BETWEEN|IN|EXISTS|IS|NOT|EMPTY|CONTAINS|STARTS|ENDS)|^\w+\(a[ )]|\(field OF events\)|\(events"
)


def inline(name: str) -> list[str]:
    return CODE.findall("".join(DOCS[name].split("```")[::2]))


def fenced(name: str, language: str) -> list[str]:
    blocks = DOCS[name].split("```")[1::2]
    return [block.removeprefix(language) for block in blocks if re.match(rf"{language}\n", block)]


def conditions_in(name: str) -> Iterator[str]:
    """Yield what stands in a document as a condition, or as part of one, made whole."""
    grammar = DOCS[name].split("```")[1].splitlines() if name == "conditions.md" else ()
    for code in [*inline(name), *grammar]:
        if any(sign in code for sign in ("…", "KEY", "{{", "{%", "|", '{"')):
            continue
        if SIGNS.search(code):
            for word, meant in STANDS_FOR.items():
                code = re.sub(word, meant, code)
        if re.match(r"^(?:WHERE|LAST|SINCE|BEFORE|FROM) ", code):
            code = f'COUNT("sale-completed" {code})'
        if not (ROOTS.search(code) or WORDS.search(code)) or code.endswith(("@", "event@...")):
            continue
        yield f"ANY(profile@traits.list WHERE {code} EXISTS)" if code.startswith("item@") else code


def parsed(text: str) -> conditions.Condition:
    """Read a condition; of an operand alone, ask whether there is one."""
    try:
        return conditions.parse(text)
    except conditions.ConditionError:
        return conditions.parse(f"{text} EXISTS")


@pytest.mark.parametrize("name", DOCS)
def test_conditions_of_the_documentation_work(name: str, shop: None) -> None:
    known = catalogue.people()
    for text in conditions_in(name):
        if "profile@consents" in text:  # told to be refused, or what the replaced form was
            continue
        condition = parsed(text)
        fields = [node for node in conditions.tree.walk(condition) if isinstance(node, conditions.tree.Field)]
        unknown = [str(each) for each in fields if each.root == "profile" and not known.knows(each)]
        assert (text, unknown) == (text, [])
        assert (text, conditions.doubts(condition, known)) == (text, [])


def test_there_are_conditions_in_the_documentation() -> None:
    found = {name: len(list(conditions_in(name))) for name in DOCS}

    assert found["conditions.md"] > 50
    assert sum(found.values()) > 75


@pytest.mark.parametrize("name", DOCS)
def test_paths_and_templates_of_the_documentation_lead_somewhere(name: str) -> None:
    for code in inline(name):
        if re.fullmatch(r"data(\.\w+)+", code) and name != "event-types.md":  # which is made of what is run
            assert schema.find(code), code
        if re.fullmatch(r"(properties|traits|context)(\.\w+)+", code):
            assert len(paths.parse(code)) > 1
        if "{{message@" in code:
            templating.compile(code, roots=("message",))
        elif "{{" in code and "@" in code and name not in OF_FLOWS:
            reshaping.compile_reshape({"properties": {"title": code}})
        if re.fullmatch(r"(event|session|payload)@[\w.]+", code) and name == "validation.md":
            reshaping.compile_reshape({"properties": {"x": code}})
            assert parse_field(code)


@pytest.mark.parametrize("name", sorted(DOCS.keys() - OF_FLOWS))
def test_templates_of_the_documentation_reshape_events(name: str) -> None:
    for block in fenced(name, "json"):
        body = json.loads(block)
        if "event@" in block:
            reshaping.compile_reshape(body)


@pytest.mark.parametrize("name", sorted(OF_FLOWS))
def test_templates_of_flows_in_the_documentation_work(name: str) -> None:
    for code in inline(name):
        if "@" in code and re.search(r"\{[{%]", code) and "…" not in code:
            whole = code if "{% for" not in code or "endfor" in code else f"{code}{{% endfor %}}"
            assert templates.compile_text(whole.replace("\\|", "|"))  # as tables write it


@pytest.mark.parametrize("name", DOCS)
def test_bodies_of_the_documentation_are_taken(name: str, alone: None) -> None:
    for id in ("letters", "statistics"):
        ConsentTypeFactory.create(id=id)
    source = SourceFactory()
    for block in fenced(name, "json"):
        body = json.loads(block)
        if "source" in body:
            body["source"]["id"] = str(source.id)
            body["profile"]["id"] = "7b5f2a52-5a5b-4ac0-93a6-4c5c8a6a2a11"
            body["session"]["id"] = "s-17"  # the page says "…", which names none
            address = "/customer/consent" if "consents" in body else "/track"
            answer = Client().post(address, json.dumps(body), content_type="application/json")
            assert answer.status_code == 200, answer.content


def commands_in(text: str) -> list[str]:
    return [found.replace("&#x27;", "'") for found in re.findall(r"curl .*?'(?=\s*(?:\n|</pre>|$))", text, re.DOTALL)]


def curl(command: str, source: Source) -> None:
    """Do what the shell would, and look for the event that it sent."""
    for name in ("{{ source.id }}", "YOUR SOURCE OR WRITE KEY"):
        command = command.replace(name, str(source.id))
    command = command.replace("{{ host }}", "http://localhost:8000")
    program, address, *rest = shlex.split(command)
    options = dict(zip(rest[::2], rest[1::2], strict=True))
    assert (program, sorted(options)) == ("curl", ["-H", "-d"])
    content_type = options["-H"].removeprefix("Content-Type: ")
    answer = Client().post(address.removeprefix("http://localhost:8000"), options["-d"], content_type=content_type)
    assert answer.status_code == 200, answer.content
    assert not answer.json().get("errors")


def test_calls_of_the_documentation_and_of_sources_are_taken(alone: None) -> None:
    address = "{{ host }}/collect/invoice-paid/{{ source.id }}"
    unsigned = webhook_example.example(address, webhook_signing.opened({}, ""))
    snippets = commands_in((ROOT / "templates" / "events" / "snippets.html").read_text() + unsigned)
    documented = [command for text in DOCS.values() for command in commands_in(text)]
    assert (len(snippets), len(documented) > 0) == (2, True)
    n_curls = sum(text.count("curl http") for text in DOCS.values())
    assert len(documented) == n_curls

    for command in [*snippets, *documented]:
        kind = Source.Kind.WEBHOOK if "/collect/" in command else Source.Kind.API
        curl(command, SourceFactory(kind=kind))
    assert set(Event.objects.values_list("type", flat=True)) >= {"page-view", "invoice-paid"}
