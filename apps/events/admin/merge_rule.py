"""How people are merged where the default is not what one wants; some rules trust sources."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from apps.core.admin.base import ModelAdmin
from apps.core.admin.shown import badge
from apps.core.mistakes import DefinitionError
from apps.events.models import Source
from apps.profiles.merge_rules import STRATEGIES, compile_rules
from apps.profiles.models import MergeRule


class MergeRuleForm(forms.ModelForm[MergeRule]):
    """A rule, with its sources by name."""

    strategy = forms.ChoiceField(
        choices=[(strategy.name, strategy.label) for strategy in STRATEGIES.values()], widget=UnfoldAdminSelectWidget
    )
    sources = forms.CharField(
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        help_text="Most trusted source: the names of the sources, one a line, the most trusted one first.",
    )

    class Meta:
        model = MergeRule
        fields = ("path", "strategy", "sources", "is_enabled")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = dict(Source.objects.values_list("id", "name"))
        if self.instance.pk:
            self.initial["sources"] = "\n".join(names.get(UUID(source), source) for source in self.instance.sources)

    def clean_sources(self) -> list[str]:
        """Turn names into ids."""
        ids = {name: str(id) for id, name in Source.objects.values_list("id", "name")}
        lines = [line.strip() for line in self.cleaned_data["sources"].splitlines() if line.strip()]
        unknown = [line for line in lines if line not in ids]
        if unknown:
            raise forms.ValidationError(f"There is no source named {unknown[0]}.")
        return [ids[line] for line in lines]

    def clean(self) -> dict[str, Any]:
        """Refuse a rule that cannot be compiled, naming the field."""
        cleaned = super().clean() or {}
        if not self.errors:
            try:
                compile_rules([MergeRule(**cleaned)])
            except DefinitionError as error:
                self.add_error(error.field, error.message)
        return cleaned


@admin.register(MergeRule)
class MergeRuleAdmin(ModelAdmin):
    """How a field of two profiles becomes one, where the default is not what one wants."""

    form = MergeRuleForm
    list_display = ("path", "strategy_shown", "is_enabled")
    search_fields = ("path",)

    @admin.display(description="Strategy")
    def strategy_shown(self, row: MergeRule) -> SafeString:
        """Show the strategy, and whether the order of merges matters to it."""
        strategy = STRATEGIES.get(row.strategy)
        if strategy is None:
            return badge("unknown", "red")
        return badge(strategy.label, "amber" if strategy.is_ordered else "blue")
