"""The form of an event type: what an operator says of it, as tables and texts, and back."""

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from apps.core.admin.form_fields import Column, JsonObject, Row, RowsField
from apps.core.mistakes import DefinitionError
from apps.events.event_types import asking
from apps.events.event_types.compiling import as_list, compile
from apps.events.event_types.effective import definition_of
from apps.events.event_types.operations import OPERATIONS, Input
from apps.events.event_types.rules import PROPERTIES
from apps.events.models import EventType

JOURNEYS: Final = ("awareness", "consideration", "purchase", "retention", "advocacy")
OFF: Final = "off"
_OPERATION_CHOICES: Final = [
    *((operation.name, operation.label) for name, operation in OPERATIONS.items() if name == operation.name),
    (OFF, "stays as it is (built-in rule off)"),
]
TRAIT_COLUMNS: Final = (
    Column("source", "Property", "order.total", suggestions="cdp-properties"),
    Column("target", "becomes trait", "data.order.total"),
)
PROFILE_COLUMNS: Final = (
    Column("target", "Field of the profile", "traits.plan", suggestions="cdp-fields"),
    Column("operation", "what happens to it", choices=_OPERATION_CHOICES),
    Column("source", "from property, trait, or number", "properties.plan", suggestions="cdp-sources"),
    Column("when", "only if", "profile@traits.plan IS NULL"),
)
REDACT_COLUMNS: Final = (
    Column("property", "Property", "card.number", suggestions="cdp-properties"),
    Column("how", "what is kept of it", choices=[("drop", "nothing"), ("last4", "the last four digits")]),
)
# Which field of the form has a key of the definition; what else is wrong stands above the form.
_FIELDS: Final = {
    "id": "type",
    "journey": "journey",
    "tags": "tags",
    "traits": "traits",
    "defaults": "traits",
    "profile": "profile",
    "redact": "redact",
    "compute": "compute",
    "schema": "schema",
    "condition": "condition",
    "policy": "policy",
    "reshape": "reshape",
}


class EventTypeForm(forms.ModelForm[EventType]):
    """What an operator says of an event type, on top of what the platform says."""

    journey = forms.ChoiceField(
        choices=[("", "As built in, or none"), *((state, state.capitalize()) for state in JOURNEYS)],
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text="The place in the customer's journey.",
    )
    tags = forms.CharField(
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="More tags for its events, separated by commas, such as activity:shopping.",
    )
    schema = JsonObject(
        required=False,
        rows=16,
        help_text="A JSON Schema (draft 2020-12) of the event's properties. Empty: everything is taken.",
    )
    condition = forms.CharField(
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2, "class": "cdp-json", "spellcheck": "false"}),
        help_text="What must hold as well: event@properties.value >= 0 AND event@properties.currency EXISTS. "
        "It may look at event@, session@ and payload@.",
    )
    reshape = JsonObject(
        required=False,
        rows=8,
        help_text='What the properties or the context become: {"properties": {"total": "event@properties.cart.sum", '
        '"code?": "event@properties.coupon"}}. References begin with event@, session@ or payload@; a key with ? is '
        "left out when there is nothing.",
    )
    traits = RowsField(
        TRAIT_COLUMNS,
        label="Properties to traits",
        help_text="Traits can be searched. Several properties, separated by commas: the first that was sent. "
        "No property: the built-in trait is switched off.",
    )
    profile = RowsField(
        PROFILE_COLUMNS,
        label="Event to profile",
        help_text="A row replaces the built-in rules for its field. Fields below traits., stats. and interests. are "
        "free: any name will do.",
    )

    redact = RowsField(
        REDACT_COLUMNS,
        label="Never stored",
        help_text="Properties that are taken out before anything else sees them. What is built in stays.",
    )
    compute = JsonObject(
        label="Percentages and named counters",
        required=False,
        rows=4,
        help_text='A percentage of two fields: {"data.metrics.ltcop": {"percentage": ["data.metrics.ltcocc", '
        '"data.metrics.ltcosc"]}}. A counter whose name a property says: {"interests": {"add": "properties.value", '
        '"name": "properties.interest", "default": 1}}. null switches a built-in one off.',
    )

    class Meta:
        model = EventType
        fields = ("type", "name", "is_enabled", "policy", "schema", "condition", "reshape")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        overrides = self.instance.overrides
        self.initial.update(
            {
                "journey": overrides.get("journey") if isinstance(overrides.get("journey"), str) else "",
                "tags": ", ".join(overrides.get("tags") or []),
                "traits": trait_rows(overrides.get("traits") or {}),
                "profile": profile_rows(overrides.get("profile") or {}),
                "redact": [{"property": path, "how": how} for path, how in (overrides.get("redact") or {}).items()],
                "compute": overrides.get("compute") or {},
            }
        )

    def clean_schema(self) -> Any:
        """Keep no schema as null."""
        return self.cleaned_data["schema"] or None

    def clean(self) -> dict[str, Any]:
        """Compile what the type would mean, and put a mistake beside the field that it is in."""
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        try:
            self.instance.overrides = self._overrides(cleaned)
            definition = definition_of(self._filled(cleaned))
            compile(definition)
            asking.check(definition)
        except DefinitionError as error:
            self.add_error(_FIELDS.get(error.field.partition(".")[0]), str(error))
        return cleaned

    def _filled(self, cleaned: Mapping[str, Any]) -> EventType:
        row: EventType = self.instance
        for name in ("type", "policy", "schema", "condition", "reshape"):
            if name in cleaned:
                setattr(row, name, cleaned[name])
        return row

    def _overrides(self, cleaned: Mapping[str, Any]) -> dict[str, Any]:
        """Return the overrides that the form says, beside those that another version may show."""
        own = {
            "journey": cleaned["journey"] or None,
            "tags": [tag.strip() for tag in cleaned["tags"].split(",") if tag.strip()],
            "traits": trait_specs(cleaned["traits"], self.instance.definition.get("traits") or {}),
            "profile": profile_specs(cleaned["profile"]),
            "redact": {row["property"]: row["how"] for row in cleaned["redact"]},
            "compute": cleaned["compute"],
        }
        joined = {**self.instance.overrides, **own}
        return {key: value for key, value in joined.items() if value not in (None, [], {})}


def trait_rows(specs: Mapping[str, Any]) -> list[Row]:
    """Show traits as rows."""
    return [
        {"source": ", ".join(spec) if isinstance(spec, list) else spec or "", "target": target}
        for target, spec in specs.items()
    ]


def trait_specs(rows: list[Row], builtin: Mapping[str, Any]) -> dict[str, Any]:
    """Read rows back. Raises DefinitionError for a trait without a property that is not built in."""
    specs: dict[str, Any] = {}
    for row in rows:
        target = row["target"]
        sources = [source.strip().removeprefix(PROPERTIES) for source in row["source"].split(",") if source.strip()]
        if not target:
            raise DefinitionError("traits", f"Which trait does {row['source']} become?")
        if target in specs:
            raise DefinitionError(f"traits.{target}", "The trait is there twice; name its properties in one row.")
        if not sources and target not in builtin:
            raise DefinitionError(f"traits.{target}", "Which property does it come from?")
        specs[target] = sources if len(sources) > 1 else next(iter(sources), None)
    return specs


def profile_rows(specs: Mapping[str, Any]) -> list[Row]:
    """Show the rules of fields as rows."""
    rows = []
    for target, of_target in specs.items():
        for spec in as_list(of_target):
            rows.append({"target": target, **_row(spec, target)})
    return rows


def _row(spec: Any, target: str) -> Row:
    if spec is None:
        return {"operation": OFF, "source": "", "when": ""}
    parts = dict(spec) if isinstance(spec, Mapping) else {spec: target}
    when = parts.pop("when", "")
    [(name, source)] = parts.items()
    return {"operation": OPERATIONS[name].name, "source": "" if source is None else str(source), "when": when}


def profile_specs(rows: list[Row]) -> dict[str, Any]:
    """Read rows back; several of one field stay in their order. Raises DefinitionError that names the field."""
    specs: dict[str, list[Any]] = {}
    for row in rows:
        if not row["target"]:
            raise DefinitionError("profile", "Which field of the profile does the row change?")
        specs.setdefault(row["target"], []).append(_spec(row))
    for target, several in specs.items():
        if None in several and len(several) > 1:
            raise DefinitionError(f"profile.{target}", "It is switched off, and changed by another row.")
    return {target: several[0] if len(several) == 1 else several for target, several in specs.items()}


def _spec(row: Row) -> dict[str, Any] | None:
    key = f"profile.{row['target']}"
    if row["operation"] == OFF:
        return None
    operation = OPERATIONS.get(row["operation"])
    if operation is None:
        raise DefinitionError(key, "Unknown operation.")
    source: Any = None
    if operation.input is Input.LITERAL:
        source = _number(key, row["source"] or "1")
    elif operation.input is Input.EVENT:
        source = row["source"]
        if not source:
            raise DefinitionError(key, "Where does the value come from? A property begins with properties.")
    return {operation.name: source, **({"when": row["when"]} if row["when"] else {})}


def _number(key: str, text: str) -> int | float:
    for type_ in (int, float):
        try:
            return type_(text)
        except ValueError:
            continue
    raise DefinitionError(key, f"Expected a number, not {text!r}.")
