"""Where a node stands while it is compiled: what is wrong is collected, by node and field, and the rest goes on."""

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from apps import conditions
from apps.conditions import ConditionError, Context
from apps.conditions.exceptions import TreeError
from apps.conditions.parse import parse_field
from apps.conditions.reads import reads
from apps.conditions.tree import Condition, Exists, Field
from apps.core import paths, typed_settings
from apps.core.typed_settings import SettingsError
from apps.flows import templates
from apps.flows.definition import connections
from apps.flows.definition.connections import NOBODY, NoConnection
from apps.flows.definition.problems import Problem
from apps.flows.definition.references import Known
from apps.flows.engine.graph import Scope, Test, Value
from apps.flows.engine.moves import Ask, Unanswered
from apps.flows.engine.step import Step
from apps.flows.templates import TemplateError
from apps.segments import language
from apps.segments.definitions import SEGMENTS

Truth = bool | None
PAST: Final = "Past events are not at hand here: ask for them in a node that is a condition."
NOT_PAST: Final = 'Expected what is made of past events, as COUNT("purchase" LAST 30 DAYS) is.'


@dataclass(slots=True)
class Place:
    """A place in a definition: what is compiled there names it."""

    flow: str
    zone: str
    problems: list[Problem]
    is_stored: bool = False  # it goes on as it is, whatever has become of what it refers to
    node: str = ""
    trigger: str = ""
    path: str = "settings"
    known: Known = field(default_factory=Known)
    read: set[Field] = field(default_factory=set)  # what is read anywhere in the definition: shared by its places

    @property
    def reads_segments(self) -> bool:
        """Whether anything that was compiled reads which segments the person is in."""
        return any(each.root == "profile" and each.keys[:1] in ((), SEGMENTS.keys) for each in self.read)

    def refuse(self, field: str, message: str) -> None:
        """Note that something cannot be."""
        self.problems.append(Problem(message, node=self.node, trigger=self.trigger, field=self._at(field)))

    def warn(self, field: str, message: str) -> None:
        """Note that something is probably not as it was meant."""
        self.problems.append(
            Problem(message, node=self.node, trigger=self.trigger, field=self._at(field), is_warning=True)
        )

    def connection(self, field: str, name: str, *, kind: str) -> UUID:
        """Find a connection of a kind by its name."""
        try:
            return connections.named(name, kind=kind)
        except NoConnection as error:
            self.refuse(field, str(error))
        return NOBODY

    def address(self, field: str, origin: str) -> UUID:
        """Find the connection of a host; it is made when the version is published."""
        try:
            return connections.of_host(origin, makes=self.is_stored)
        except NoConnection as error:
            self.refuse(field, str(error))
        return NOBODY

    def settings(self, cls: type[Any], document: object) -> Any:
        """Read settings; None where they are wrong, which is noted."""
        try:
            return typed_settings.read(cls, document)
        except SettingsError as error:
            for problem in error.problems:
                self.refuse(problem.path, problem.message)
        return None

    def text(self, field: str, template: str, *, channel: str = "text") -> Callable[[Scope], str]:
        """Compile a text with `{{ }}`; what is filled in is escaped as the channel needs it."""
        try:
            found = templates.compile_text(template, channel=channel)
        except TemplateError as error:
            self.refuse(field, error.message)
            return lambda _scope: ""
        self._check(field, (reference.field for reference in found.references))
        return found.fill

    def value(self, field: str, template: Any) -> Value:
        """Compile JSON whose texts may be references, or have `{{ }}`."""
        try:
            found = templates.compile_value(template)
        except TemplateError as error:
            self.refuse(f"{field}.{error.path}" if error.path else field, error.message)
            return lambda _scope: None
        self._check(field, (reference.field for reference in found.references))
        return found.fill

    def condition(self, field: str, text: str) -> Callable[[Step], Truth]:
        """Compile a condition; an empty one always holds. Where it reads past events, asking raises Unanswered."""
        if not text.strip():
            return lambda _step: True
        tree = self._parsed(field, text)
        if tree is None:
            return lambda _step: None
        if reads(tree).has_history:
            return _answered(field, Ask("holds", {"condition": text}))
        test = conditions.truth(tree)

        def holds(step: Step) -> Truth:
            found = test(step.scope, Context(step.now + step.behind))
            if step.told is not None:
                step.told.setdefault("conditions", {})[field] = found
            return found

        return holds

    def counted(self, field: str, text: str) -> Callable[[Step], Any]:
        """Compile a value that is made of past events; asking raises Unanswered."""
        try:
            found = conditions.parse_operand(text, is_stored=self.is_stored)
        except ConditionError as error:
            self.refuse(field, str(error))
            return lambda _step: None
        if not reads(found).has_history:
            self.refuse(field, NOT_PAST)
        self._look_at(field, Exists(found))
        return _answered(field, Ask("counted", {"value": text}))

    def test(self, field: str, text: str, *, roots: Container[str]) -> Test | None:
        """Compile a condition that is no node's, and cannot ask for past events; None for an empty one."""
        tree = self._parsed(field, text) if text.strip() else None
        if tree is None:
            return None
        asked = reads(tree)
        if asked.has_history:
            self.refuse(field, PAST)
            return None
        for each in sorted(asked.fields, key=str):
            if each.root not in roots:
                self.refuse(field, f"Nothing is known of {each} here.")
        test = conditions.truth(tree)
        return lambda scope, clock: test(scope, Context(clock)) is True

    def person_field(self, field: str, text: str) -> Value:
        """Compile a reference to a field of the person."""
        try:
            found = parse_field(text)
        except TreeError as error:
            self.refuse(field, error.message)
            return lambda _scope: None
        if found.root != "profile" or not found.keys:
            self.refuse(field, "Expected a field of the person, as profile@traits.plan is.")
        elif self._check(field, [found]) and not language.is_part(found):
            self.refuse(field, f"{found} is no single field of the person, as profile@traits.plan is.")
        return lambda scope: paths.get(scope["profile"], found.keys)

    def _parsed(self, field: str, text: str) -> Condition | None:
        try:
            tree = conditions.parse(text, is_stored=self.is_stored)
        except ConditionError as error:
            self.refuse(field, str(error))
            return None
        self._look_at(field, tree)
        return tree

    def _look_at(self, field: str, tree: Condition) -> None:
        """Refuse what a condition asks about and there is not, and doubt what is probably not what somebody meant."""
        asked = reads(tree)
        self.read |= asked.fields
        if self.is_stored:
            return
        fields = asked.fields | asked.event_fields
        self._check(field, (each for each in fields if not _is_consent(each)))  # these the language itself doubts
        for doubt in conditions.doubts(tree, self.known.names):
            self.warn(field, str(doubt))

    def _check(self, field: str, fields: Iterable[Field]) -> bool:
        """Refuse references to what there is not, and doubt those to what nobody has seen; tell whether all can be."""
        found = dict.fromkeys(fields)
        self.read.update(found)
        if self.is_stored:
            return True
        n_refused = 0
        for each in found:
            if refusal := self.known.refusal(each):
                self.refuse(field, refusal)
                n_refused += 1
            elif doubt := self.known.doubt(each):
                self.warn(field, doubt)
        return not n_refused

    def _at(self, field: str) -> str:
        return ".".join(filter(None, (self.path, field)))


def _is_consent(field: Field) -> bool:
    return (field.root, *field.keys[:1]) == ("profile", "consents")


def _answered(field: str, ask: Ask) -> Callable[[Step], Any]:
    def answered(step: Step) -> Any:
        if step.held is None or field not in step.held:
            raise Unanswered(field, ask)
        if step.told is not None:
            step.told.setdefault("conditions", {})[field] = step.held[field]
        return step.held[field]

    return answered
