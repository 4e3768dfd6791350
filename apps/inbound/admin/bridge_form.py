"""The form of a bridge: what all have, what its kind asks for, and what is made of its messages."""

from typing import Any, ClassVar, Final

from django import forms
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminSelectWidget

from apps.bridges.connection_kind import kinds as connection_kinds
from apps.bridges.models import Connection
from apps.core.admin.conditions.field import ConditionField
from apps.core.admin.settings_form import form_fields, initial_of, read_from
from apps.core.typed_settings import settings_of, write
from apps.events.models import Source
from apps.inbound import definitions
from apps.inbound.admin.languages import ALWAYS, MESSAGES
from apps.inbound.bridge_kind import BridgeKind, kinds
from apps.inbound.mapping import MappingSettings
from apps.inbound.models import Bridge

ITS: Final = "settings_"
MAPPING: Final = "mapping_"
CONDITION: Final = f"{MAPPING}condition"
A_NEW_ONE: Final = "A new one, of the bridge's name"


class BridgeForm(forms.ModelForm[Bridge]):
    """A bridge; `kind` is the name of its kind."""

    kind = ""
    user: Any = None  # who fills it in; the page says it

    class Meta:
        model = Bridge
        fields = ("name", "is_enabled", "connection", "source")
        error_messages: ClassVar = {"name": {"unique": "There is another bridge of that name."}}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        row, kind = self.instance, kinds[self.kind]
        if row._state.adding:
            row.kind, row.mapping = self.kind, dict(kind.mapping)
        for cls, document, prefix in ((kind.settings, row.settings, ITS), (MappingSettings, row.mapping, MAPPING)):
            self.initial.update(initial_of(cls, document, prefix=prefix))
        self._offer_what_there_is(kind)
        condition = self.fields.get(CONDITION)
        if isinstance(condition, ConditionField):
            condition.user, condition.stored = self.user, str(row.mapping.get("condition", ""))

    @property
    def makes_a_source(self) -> bool:
        """Whether its events are to come from a source of its own, which is made with it."""
        return self.instance._state.adding and not self.cleaned_data.get("source")

    def clean(self) -> dict[str, Any]:
        """Put what was typed into the row."""
        cleaned = super().clean() or {}
        settings = read_from(self, kinds[self.kind].settings, prefix=ITS)
        mapping = read_from(self, MappingSettings, prefix=MAPPING)
        if settings is not None:
            self.instance.settings = write(settings)
        if mapping is not None:
            self.instance.mapping = write(mapping)
        if self.makes_a_source and Source.objects.filter(name=cleaned.get("name", "")).exists():
            self.add_error("source", "There is a source of that name already: choose it, or another name.")
        return cleaned

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # its stubs do not have it
        for problem in definitions.problems(self.instance):
            # Those of the settings are at their fields, and a source that is to be made is not there yet.
            is_known = "." in problem.path or (problem.path == "source" and self.makes_a_source)
            if not is_known and problem.path not in self.errors:
                self.add_error(problem.path if problem.path in self.fields else None, problem.message)

    def _offer_what_there_is(self, kind: BridgeKind) -> None:
        connection: Any = self.fields.get("connection")
        if connection:
            connection.queryset = Connection.objects.filter(kind=kind.connection_kind).order_by("name")
            if self.instance._state.adding and len(connection.queryset) == 1:
                self.initial["connection"] = connection.queryset[0].pk
        source: Any = self.fields.get("source")
        if source:
            of_bridges = Source.objects.filter(kind=Source.Kind.BRIDGE)
            source.queryset = (of_bridges | Source.objects.filter(pk=self.instance.source_id)).order_by("name")
            if not self.instance._state.adding:
                source.required, source.empty_label = True, None


def form_of(name: str) -> type[BridgeForm]:
    """Make the form of a kind."""
    kind = kinds[name]
    fields: dict[str, Any] = {**form_fields(kind.settings, prefix=ITS), **form_fields(MappingSettings, prefix=MAPPING)}
    written = fields[CONDITION]
    said = {"label": written.label, "help_text": written.help_text, "required": False}
    fields[CONDITION] = ConditionField(language=MESSAGES.name, **said)
    fields["source"] = forms.ModelChoiceField(
        Source.objects.none(),
        required=False,
        empty_label=A_NEW_ONE,
        widget=UnfoldAdminSelectWidget(),
        help_text="Its events are of this source: what it may say, and what is kept of it, is said there.",
    )
    if kind.connection_kind:
        fields["connection"] = forms.ModelChoiceField(
            Connection.objects.none(), widget=UnfoldAdminSelectWidget(), help_text=_where_to_make_one(kind)
        )
    return type("BridgeForm", (BridgeForm,), {"kind": name, **fields})


def names_of(cls: type, prefix: str) -> list[str]:
    """Name the fields of some settings."""
    return [prefix + setting.name for setting in settings_of(cls)]


def known_of(kind: BridgeKind) -> list[tuple[str, str]]:
    """List what a mapping may use of a message, each with a sentence."""
    return [(f"message@{name}", told) for name, told in {**ALWAYS, **kind.known}.items()]


def _where_to_make_one(kind: BridgeKind) -> SafeString:
    address = f"{reverse('admin:bridges_connection_add')}?kind={kind.connection_kind}"
    title = connection_kinds[kind.connection_kind].title
    return format_html('What lets us in. <a class="cdp-link" href="{}">Add a connection: {}</a>', address, title)
