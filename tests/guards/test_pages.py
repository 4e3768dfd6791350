"""What each page of the admin keeps to: all requests share it, at once, and whatever it changes is on record."""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from django.contrib import admin
from django.http import HttpRequest

from apps.core.admin.base import ModelAdmin
from cdp.processes import BASE_DIR

BUTTONS = ("actions_list", "actions_detail", "actions_row", "actions_submit_line")
# Buttons that lead somewhere, and change nothing.
LINKS = {"overview_link", "certificate", "dry_run"}
CHANGES = {"append", "extend", "insert", "remove", "pop", "clear", "update", "setdefault", "add", "discard"}
import_module("cdp.urls")  # with which the pages come
PAGES = list(admin.site._registry.values())


def own_classes() -> set[type]:
    """Find the classes of which shared objects are made: pages, what stands on them, and the site."""
    shared: set[type] = {type(admin.site)}
    for page in PAGES:
        shared |= {type(page), *page.inlines}
    return {each for cls in shared for each in cls.__mro__ if each.__module__.startswith(("apps.", "cdp."))}


def tree_of(part: Any) -> ast.AST:
    return ast.parse(textwrap.dedent(inspect.getsource(part)))


def is_of_self(node: ast.AST | None) -> bool:
    """Tell whether an expression is an attribute of self, or a part of one."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        if isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"):
            return True
        node = node.value
    return False


def changed_by(node: ast.AST) -> list[ast.AST]:
    """Return what a statement, or a call, changes."""
    if isinstance(node, ast.Assign | ast.Delete):
        return [part for target in node.targets for part in ast.walk(target)]
    if isinstance(node, ast.AugAssign | ast.AnnAssign):
        return [node.target]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGES:
        return [node.func.value]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "setattr":
        return [ast.Attribute(node.args[0], "")]
    return []


def kept_on_self(cls: type) -> Iterator[str]:
    """Find the methods that write on the object itself."""
    for method in ast.walk(tree_of(cls)):
        if isinstance(method, ast.FunctionDef) and method.name != "__init__":
            changed = [part for node in ast.walk(method) for part in changed_by(node)]
            if any(map(is_of_self, changed)):
                yield f"{cls.__module__}.{cls.__qualname__}.{method.name}"


class Forgetful:
    """A page as none may be: each line of it would be seen by somebody else."""

    seen: Any = {}

    def a_view(self, request: HttpRequest) -> None:
        self.user = request.user

    def two_names(self, request: HttpRequest) -> None:
        self.user, method = request.user, request.method
        request.method = method

    def a_dict(self, request: HttpRequest) -> None:
        self.seen[request.user] = True

    def a_call(self, request: HttpRequest) -> None:
        self.seen.update(user=request.user)

    def by_name(self, request: HttpRequest) -> None:
        setattr(self, "user", request.user)  # noqa: B010

    def innocent(self, request: HttpRequest) -> dict[Any, Any]:
        user = request.user
        request.seen = self.seen  # type: ignore[attr-defined]
        return {**self.seen, user: True}


def test_nothing_of_a_request_is_kept_on_a_page() -> None:
    found = {place for cls in own_classes() for place in kept_on_self(cls)}

    assert found == set(), "Bind it to the row, or hand it on: several people look at the same page."


def test_all_that_is_kept_on_a_page_is_found() -> None:
    found = [place.rpartition(".")[2] for place in kept_on_self(Forgetful)]

    assert found == ["a_view", "two_names", "a_dict", "a_call", "by_name"]
    assert len(own_classes()) >= 25


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.model._meta.label)
def test_forms_lists_and_deletions_of_each_page_are_on_record(page: Any) -> None:
    assert isinstance(page, ModelAdmin)
    for name in ("log_addition", "log_change", "log_deletions", "response_action"):
        assert getattr(type(page), name) is getattr(ModelAdmin, name), "The one of the base records what is changed."


def buttons() -> list[tuple[type, str]]:
    return [(type(page), name) for page in PAGES for kind in BUTTONS for name in getattr(page, kind) or ()]


def names_in(cls: type, method: str, seen: set[str]) -> set[str]:
    """Gather what a method calls and hands on, with all methods of its class that it mentions."""
    seen.add(method)
    names: set[str] = set()
    for node in ast.walk(tree_of(inspect.unwrap(getattr(cls, method)))):
        if isinstance(node, ast.keyword):
            names.add(f"{node.arg}=")
        if isinstance(node, ast.Attribute):
            names.add(node.attr)
            if isinstance(node.value, ast.Name) and node.value.id == "self" and node.attr not in seen:
                is_own = inspect.isfunction(getattr(cls, node.attr, None)) and not hasattr(ModelAdmin, node.attr)
                names |= names_in(cls, node.attr, seen) if is_own else set()
    return names


@pytest.mark.parametrize(("page", "button"), buttons(), ids=str)
def test_each_button_is_on_record(page: type, button: str) -> None:
    found = names_in(page, button, set())

    assert button in LINKS or found & {"actor=", "record", "record_all"}, "Hand the actor to the verb, which records."


# Who records what no transaction of ours does; for all others the entry belongs into the one of the deed.
BY_ITSELF = {
    "apps/alerts/admin/channel.py": "a test changes nothing",
    "apps/bridges/admin/connection.py": "a test changes nothing",
    "apps/api/connections.py": "a test changes nothing",
    "apps/bridges/management/commands/connection.py": "a test changes nothing",
    "apps/console/queue_pages.py": "jobs are in Valkey",
    "apps/inbound/admin/bridge_pages.py": "a test changes nothing",
    "apps/inbound/admin/dead_letter.py": "an export changes nothing",
    "apps/core/admin/task.py": "what failed is only sent",
    "apps/core/sign_ins.py": "a sign-in changes nothing",
    "apps/flows/admin/transfer_pages.py": "an export changes nothing",
    "apps/segments/admin/pages.py": "an export changes nothing",
    "apps/segments/admin/reevaluation.py": "beginning waits for others, and must hold no lock meanwhile",
    "apps/segments/management/commands/segment.py": "an export changes nothing",
}


def test_only_what_changes_nothing_is_recorded_by_itself() -> None:
    callers = {
        str(path.relative_to(BASE_DIR))
        for path in BASE_DIR.glob("apps/**/*.py")
        if "audit.record_by_itself(" in path.read_text()
    }

    assert callers == BY_ITSELF.keys()


def test_there_are_buttons() -> None:
    assert len(buttons()) >= 8
