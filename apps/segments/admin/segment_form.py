"""The form of a segment."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextareaWidget

from apps.core.admin.conditions.field import ConditionField
from apps.core.mistakes import DefinitionError
from apps.segments import definitions
from apps.segments.admin.languages import PEOPLE
from apps.segments.models import Segment

EMPTY: dict[str, Any] = {"condition": "", "is_sticky": False}  # of kinds that have none


class SegmentForm(forms.ModelForm[Segment]):
    """What a segment is called, and who belongs to it."""

    user: Any = None  # who fills it in, and the address of the live count; the page says both
    preview = ""
    condition = ConditionField(
        language=PEOPLE.name,
        label="Who belongs to it",
        required=False,
        help_text="Click it together, or write it: both are the same condition.",
    )

    class Meta:
        model = Segment
        fields = ("name", "key", "description", "kind", "condition", "is_sticky", "is_enabled")
        labels = {"is_sticky": "Sticky", "is_enabled": "On", "kind": "Membership"}
        help_texts = {
            "key": 'Its name in conditions, as in profile@segments CONTAINS "vip". It cannot be changed later.',
            "is_sticky": "Whoever came in once stays in, even when the condition is no longer true.",
        }
        widgets = {"description": UnfoldAdminTextareaWidget(attrs={"rows": 2})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "condition" in self.fields:
            field: Any = self.fields["condition"]
            field.user, field.widget.preview, field.stored = self.user, self.preview, self.instance.condition

    def clean(self) -> dict[str, Any]:
        """Leave out what the kind does not have."""
        cleaned = super().clean() or {}
        kind = cleaned.get("kind", self.instance.kind)
        if kind != Segment.Kind.CONDITION:
            cleaned |= {name: value for name, value in EMPTY.items() if name in cleaned}
        elif "condition" in self.fields and not cleaned.get("condition") and "condition" not in self.errors:
            self.add_error("condition", "Say who belongs to it.")
        return cleaned

    def _post_clean(self) -> None:
        """Put what the definition's own rules refuse beside its field."""
        super()._post_clean()  # type: ignore[misc]
        if self.errors:
            return
        try:
            definitions.check(self.instance)
        except DefinitionError as error:
            self.add_error(error.field if error.field in self.fields else None, error.message)
