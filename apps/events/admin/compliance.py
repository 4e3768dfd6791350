"""Compliance rules: which fields of events are kept only with consent."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Field
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps.core import paths
from apps.core.admin.base import ModelAdmin
from apps.core.admin.shown import NOTHING, badge
from apps.core.paths import MISSING
from apps.events.models import ComplianceRule, Event, EventType
from apps.events.models.compliance import ComplianceError, parse
from apps.profiles.admin.consent import ConsentsField

N_LATEST = 100


class ComplianceRuleForm(forms.ModelForm[ComplianceRule]):
    """A rule with its field in two parts: where it is, and its path there."""

    event_type = forms.ChoiceField(required=False, widget=UnfoldAdminSelectWidget, label="Events")
    part = forms.ChoiceField(
        choices=[("properties", "Properties of the event"), ("context", "Context: page, device, place")],
        widget=UnfoldAdminSelectWidget,
        label="Field in",
    )
    path = forms.CharField(
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text="Dotted path, such as email or address.street; all that lies below goes with it.",
    )

    class Meta:
        model = ComplianceRule
        fields = ("name", "event_type", "consents", "action", "is_enabled")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        types = set(EventType.objects.values_list("type", flat=True)) | {self.instance.event_type} - {""}
        choices = [("", "All types"), *((type_, type_) for type_ in sorted(types))]
        self.fields["event_type"].choices = choices  # type: ignore[attr-defined]
        if self.instance.field:
            part, path = parse(self.instance.field)
            self.fields["part"].initial, self.fields["path"].initial = part, paths.join(path)

    def clean_path(self) -> str:
        """Join both parts into the rule's field. Raises ValidationError where they make no path."""
        self.instance.field = f"event@{self.data.get('part')}.{self.cleaned_data['path'].strip()}"
        try:
            parse(self.instance.field)
        except ComplianceError as error:
            raise forms.ValidationError(str(error)) from None
        return str(self.cleaned_data["path"])


@admin.register(ComplianceRule)
class ComplianceRuleAdmin(ModelAdmin):
    """Fields that are dropped or hashed before anything is stored, unless the person's consents allow them."""

    form = ComplianceRuleForm
    list_display = ("name", "events", "field", "needs", "action_shown", "state")
    ordering = ("name",)
    readonly_fields = ("lately",)
    fieldsets = (
        (None, {"fields": ("name", "is_enabled")}),
        ("What it is about", {"fields": ("event_type", "part", "path", "lately")}),
        ("What becomes of it", {"fields": ("consents", "action")}),
    )

    def formfield_for_dbfield(self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the consent types."""
        if db_field.name == "consents":
            return ConsentsField(label="Needs the consents", help_text=db_field.help_text)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @admin.display(description="Events")
    def events(self, row: ComplianceRule) -> str:
        """Show which events it is about."""
        return row.event_type or "all"

    @admin.display(description="Needs")
    def needs(self, row: ComplianceRule) -> str:
        """Show the consents."""
        return ", ".join(row.consents)

    @admin.display(description="Without them")
    def action_shown(self, row: ComplianceRule) -> SafeString:
        """Show what becomes of the field."""
        return badge(row.action, "red" if row.action == ComplianceRule.Action.DROP else "amber")

    @admin.display(description="State")
    def state(self, row: ComplianceRule) -> SafeString:
        """Show whether it is on."""
        return badge("on", "green") if row.is_enabled else badge("off", "red")

    @admin.display(description="Lately")
    def lately(self, row: ComplianceRule) -> SafeString | str:
        """Tell how many of the latest events have the field: none may mean a slip of the pen."""
        if not row.field:
            return NOTHING
        part, path = parse(row.field)
        events = Event.objects.filter(type=row.event_type) if row.event_type else Event.objects.all()
        trees = list(events.order_by("-id").values_list(part, flat=True)[:N_LATEST])
        n_found = sum(paths.get(tree, path) is not MISSING for tree in trees)
        return f"{n_found} of the latest {len(trees)} events have this field."
