"""The form of a heartbeat, in the words of those who want to hear of silence."""

from datetime import timedelta
from typing import Any, Final

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from apps.conditions.durations import in_words
from apps.core.admin.conditions.field import ConditionField
from apps.core.mistakes import DefinitionError
from apps.events.models import EventType
from apps.heartbeats import definitions
from apps.heartbeats.admin.shown import SCHEDULES, is_private
from apps.heartbeats.admin.widgets import ExplainedChoice, WithUsual
from apps.heartbeats.models import Heartbeat
from apps.heartbeats.strategy import strategies
from apps.segments.admin.languages import PEOPLE

WAITS: Final = ("15 minutes", "30 minutes", "1 day", "7 days", "30 days", "90 days", "180 days")
REARM: Final[dict[str, str]] = {
    Heartbeat.Rearm.ONCE: "Whoever comes back and falls silent again is not spoken of again.",
    Heartbeat.Rearm.SILENCE: "Whoever comes back and falls silent again is spoken of again, once for each silence.",
}
FIRST_RUN: Final[dict[str, str]] = {
    Heartbeat.FirstRun.RIPENING: "Whoever is silent for that long already when it is switched on is left out: "
    "no flood of messages to people who left years ago.",
    Heartbeat.FirstRun.ALL: "The first runs speak of all of them. The dry run says how many that is.",
}
ANYBODY: Final = {"segment": "Everybody", "source": "Any source", "consent": "Whatever they agreed to"}
HIDDEN: Final = "Who that is may tell personal data, which you may not see, and so not ask about either."


class WaitPeriodField(forms.CharField):
    """A length of time in words."""

    def prepare_value(self, value: Any) -> Any:
        """Show it in words; what was typed is shown as it was typed."""
        return in_words(value) if isinstance(value, timedelta) else value

    def clean(self, value: Any) -> Any:
        """Read the words."""
        text = super().clean(value)
        try:
            return definitions.wait_period_of(text)
        except DefinitionError as error:
            raise ValidationError(error.message) from None

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare what is meant, not how it is written."""
        try:
            return bool(initial != definitions.wait_period_of(data or ""))
        except DefinitionError:
            return True


class HeartbeatForm(forms.ModelForm[Heartbeat]):
    """What a heartbeat looks for, of whom it speaks, what it says, how often and when."""

    user: Any = None  # who fills it in; the page says it

    strategy = forms.ChoiceField(
        label="Look for",
        choices=[(key, strategy.name) for key, strategy in strategies.items()],
        widget=ExplainedChoice(
            {key: strategy.explanation for key, strategy in strategies.items()},
            usual={key: {"rearm": each.rearm.value, "event_type": each.event.type} for key, each in strategies.items()},
        ),
    )
    wait_period = WaitPeriodField(
        label="For how long",
        widget=WithUsual([(wait, wait) for wait in WAITS], attrs={"placeholder": "30 days"}),
        help_text="How long nothing has been heard: a number with minutes, hours, days or weeks, from a minute to ten "
        "years. It counts from when their last event arrived here, whatever their own clocks say.",
    )
    condition = ConditionField(
        language=PEOPLE.name,
        required=False,
        help_text="What must hold of the person, and of the person of a session. Empty: nothing has to.",
    )

    class Meta:
        model = Heartbeat
        fields = (
            *("name", "strategy", "wait_period", "event_type", "segment", "source", "consent", "condition"),
            *("includes_bots", "rearm", "first_run", "max_per_run", "schedule"),
        )
        labels = {
            "event_type": "Say",
            "consent": "Agreed to",
            "includes_bots": "Bots, too",
            "rearm": "Speak of somebody again",
            "first_run": "Who is silent already",
            "schedule": "When it looks",
        }
        widgets = {
            "rearm": ExplainedChoice(REARM),
            "first_run": ExplainedChoice(FIRST_RUN),
            "event_type": WithUsual(),
            "schedule": WithUsual([(text, words[0].upper() + words[1:]) for text, words in SCHEDULES.items()]),
        }
        help_texts = {
            "event_type": "The event that is made. Empty: what is usual for what it looks for. Or a type that you made "
            "yourself under Event types, to start something else by it.",
            "segment": "Only people who are in it when it looks. Empty: of everybody.",
            "source": "Only people who ever came through it, or sessions that did.",
            "consent": "Only people whose agreement holds when it looks.",
            "includes_bots": "Machines that read pages fall silent all the time: mostly nobody wants to hear of them.",
            "max_per_run": "A guard against floods. Whoever is over it comes with the next run; nobody is lost.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        if "event_type" not in fields:  # nothing can be changed, only looked at
            return
        fields["condition"].user, fields["condition"].stored = self.user, self.instance.condition
        self.initial["strategy"] = self.initial.get("strategy") or next(iter(strategies))
        for name, text in ANYBODY.items():
            fields[name].empty_label = text
            for link in ("add", "change", "delete", "view"):  # what is not there yet is made on its own page
                setattr(fields[name].widget, f"can_{link}_related", False)
        own = {strategy.event.type for strategy in strategies.values()}
        if self.initial.get("event_type") in own:  # what is usual goes on to be so when another strategy is chosen
            self.initial["event_type"] = ""
        made = EventType.objects.filter(is_builtin=False).order_by("type").values_list("type", flat=True)
        usual = strategies.get(self.initial["strategy"])
        fields["event_type"].widget.attrs["placeholder"] = usual.event.type if usual else ""
        fields["event_type"].widget.offered = [*sorted(own), *made]
        zone = settings.TIME_ZONE
        fields["schedule"].help_text = (
            f"A cron expression: minute, hour, day of the month, month, day of the week; in the time zone {zone}. "
            "Empty: it only looks when somebody runs it."
        )

    def _post_clean(self) -> None:
        """Put all that the definition's own rules refuse beside its field, at once."""
        super()._post_clean()  # type: ignore[misc]  # the stubs leave out what is private
        for problem in definitions.problems(self.instance):
            if problem.field not in self.errors:
                self.add_error(problem.field if problem.field in self.fields else None, problem.message)
        if not self.errors and is_private(self.user, self.instance):
            fields = [name for name in ("consent", "segment", "condition") if getattr(self.instance, name)]
            self.add_error(fields[0], HIDDEN)
