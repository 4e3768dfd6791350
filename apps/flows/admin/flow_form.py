"""The form of a flow: its names, and its draft as JSON, whose mistakes are told by the line that somebody sees."""

from typing import Any, ClassVar, Final, NamedTuple

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminTextareaWidget

from apps.core.admin.form_fields import JsonObject
from apps.flows import definition
from apps.flows.admin.shown import place_of
from apps.flows.changing import portable, publishing
from apps.flows.definition import Problem
from apps.flows.describing import difference, positions
from apps.flows.models import Flow

N_TOLD: Final = 10


class Draft(JsonObject):
    """A definition, written as people read it."""

    def prepare_value(self, value: Any) -> Any:
        """Show it in the order in which one thinks of a flow; what was typed as it was typed."""
        return portable.written(value) if isinstance(value, dict) else value


class Kind(NamedTuple):
    """What is to be chosen before anything else."""

    title: str
    about: str
    icon: str
    order: int


KINDS: Final = {
    Flow.Kind.COLLECTION.value: Kind(
        "Do something for people",
        "Each person enters by themselves: after an event, on a date, by the clock or by hand. It may wait, write to "
        "them, and change what is known of them.",
        "route",
        1,
    ),
    Flow.Kind.SEGMENTATION.value: Kind(
        "Decide who is in segments",
        "Everybody goes through it, again and again: by which way they come decides which segments they enter and "
        "leave. Nothing else comes of it.",
        "group_work",
        2,
    ),
}


class Placed(NamedTuple):
    """Something that is wrong with what was typed, and where."""

    line: int | None  # null: the whole of it
    place: str
    message: str
    is_warning: bool

    def __str__(self) -> str:
        line = f"Line {self.line}, " if self.line else ""
        return f"{line}{self.place}: {self.message}"


class FlowForm(forms.ModelForm[Flow]):
    """What a flow is called, and what it is to do."""

    kind: ClassVar[str] = Flow.Kind.COLLECTION  # of a new one
    document: Any = None  # the draft as it was typed, once it could be read

    draft = Draft(
        rows=24,
        help_text="The definition, as JSON: what is wrong is told with its line. People go through it once it is "
        "published.",
    )
    is_unfinished = forms.BooleanField(
        label="Keep it with its mistakes",
        required=False,
        help_text="For a draft on which you go on another day. It cannot be published as it is.",
    )
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Flow
        fields = tuple(name for name in (*publishing.EDITED, "draft") if name != "kind")
        labels = {
            "priority": "Priority",
            "catch_up_per_minute": "After a pause or an outage, at most",
            "max_failure_percent": "Pause it when so many percent fail",
        }
        help_texts = {
            "key": "Its name for programs, and for other flows.",
            "priority": "Where two flows reach one person at the same moment, the greater number comes first.",
            "catch_up_per_minute": "People a minute who are late. Empty: as fast as it goes.",
            "max_failure_percent": "Of the runs that ended in the last hour, from twenty on. Empty: never.",
        }
        widgets = {"description": UnfoldAdminTextareaWidget(attrs={"rows": 2})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance._state.adding:
            self.instance.kind = self.kind
            self.initial.setdefault("draft", publishing.first_draft(self.kind))
        if "revision" in self.fields:
            self.fields["revision"].initial = self.instance.draft_revision

    def clean(self) -> dict[str, Any]:
        """Refuse what would overwrite another's work, and a draft with mistakes unless it is to be kept so."""
        found: dict[str, Any] = super().clean() or {}
        self.document = found.get("draft")
        self._refuse_what_is_old(found)
        if self.document is None or found.get("is_unfinished") or self._is_unchanged():
            return found
        mistakes = [problem for problem in definition.check(self.document, self.instance) if not problem.is_warning]
        if mistakes:
            self.add_error("draft", [str(each) for each in self.placed(mistakes)])
        return found

    def placed(self, problems: list[Problem]) -> list[Placed]:
        """Return problems of what was typed, each with where it stands; from the first line on."""
        where = positions.lines(self.data.get("draft", ""))
        told = [
            Placed(
                positions.line_of(problem, self.document, where),
                place_of(problem, self.document),
                problem.message,
                problem.is_warning,
            )
            for problem in problems
        ]
        return sorted(told, key=lambda each: each.line or 0)

    def _is_unchanged(self) -> bool:
        return not self.instance._state.adding and self.initial.get("draft") == self.document

    def _refuse_what_is_old(self, found: dict[str, Any]) -> None:
        """Tell what somebody else has changed meanwhile; who saves once more puts theirs in its place."""
        if self.instance._state.adding:
            return
        stored = Flow.objects.filter(pk=self.instance.pk).values("draft", "draft_revision").first()
        if stored is None or stored["draft_revision"] == found.get("revision"):
            return
        typed: Any = self.data
        self.data = {**typed.dict(), "revision": str(stored["draft_revision"])}
        told = difference.in_words(found.get("draft") or {}, stored["draft"])[:N_TOLD]
        raise ValidationError(
            [
                "Somebody has saved another draft while you were at it; yours is below, and not stored yet. "
                "Save once more to put it in place of theirs. Compared with yours, theirs says:",
                *(told or ["The same."]),
            ]
        )


def form_of(kind: str) -> type[FlowForm]:
    """Return the form of flows of a kind."""
    return type("FlowForm", (FlowForm,), {"kind": kind})
