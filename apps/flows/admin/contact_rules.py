"""How often, and when, all flows together may write to somebody."""

from datetime import timedelta
from typing import Any, Final

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from apps.conditions.durations import in_words, parse_length
from apps.conditions.exceptions import TreeError
from apps.conditions.nearest import nearest
from apps.core.admin.base import ModelAdmin
from apps.core.admin.shown import badge
from apps.flows.contacting import contacts
from apps.flows.models import FrequencyCap, QuietHours
from apps.flows.models.contact import MAX_PERIOD
from apps.flows.moments import EVERY_DAY
from apps.flows.node import kinds
from apps.flows.runs import quiet

DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
CHANNEL: Final = "As nodes that send call it, such as email, sms and push. Empty: all channels"


class LengthField(forms.CharField):
    """A length of time in words."""

    widget = UnfoldAdminTextInputWidget

    def prepare_value(self, value: Any) -> Any:
        """Show it in words; what was typed is shown as it was typed."""
        return in_words(value) if isinstance(value, timedelta) else value

    def clean(self, value: Any) -> Any:
        """Read the words."""
        text = super().clean(value)
        try:
            secs = parse_length(text).seconds
        except TreeError as error:
            raise ValidationError(error.message) from None
        if secs is None or timedelta(seconds=secs) > MAX_PERIOD:
            raise ValidationError(f"Write it in days or less, at most {in_words(MAX_PERIOD)}.")
        return timedelta(seconds=secs)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare what is meant, not how it is written."""
        try:
            return bool(initial != self.clean(data))
        except ValidationError:
            return True


class ChannelField(forms.CharField):
    """A channel by which some node writes to people; empty: all of them."""

    widget = UnfoldAdminTextInputWidget

    def __init__(self, *, told: str) -> None:
        super().__init__(label="Channel", required=False, max_length=40, help_text=told)

    def clean(self, value: Any) -> str:
        """Refuse a channel by which nobody writes."""
        found: str = super().clean(value)
        known = sorted({kind.channel for kind in kinds.values() if kind.channel})
        if found and found not in known:
            meant = nearest(found, known)
            hint = f"Did you mean {meant}?" if meant else f"There are: {', '.join(known)}."
            raise ValidationError(f"No node writes by {found}. {hint}")
        return found


class FrequencyCapForm(forms.ModelForm[FrequencyCap]):
    """A cap, as one says it: three in seven days."""

    channel = ChannelField(told=f"{CHANNEL} together.")
    period = LengthField(
        label="In any",
        help_text="Such as 24 hours or 7 days: counted back from each message, not by calendar days.",
    )

    class Meta:
        model = FrequencyCap
        fields = ("channel", "most", "period", "is_enabled")
        labels = {"most": "At most so many messages"}


@admin.register(FrequencyCap)
class FrequencyCapAdmin(ModelAdmin):
    """Caps over all flows: whoever has reached one goes on by the port `capped` of the node that would have written."""

    form = FrequencyCapForm
    list_display = ("said", "channel_shown", "state")
    ordering = ("channel", "period")
    fields = ("channel", "most", "period", "is_enabled")
    warn_unsaved_form = True
    empty_list = "Flows may write as often as they like. Add a cap, such as three e-mails in 7 days."

    @admin.display(description="Cap")
    def said(self, row: FrequencyCap) -> str:
        """Say it."""
        return f"{row.most:,} in any {in_words(row.period).removeprefix('1 ')}"

    @admin.display(description="Channel", ordering="channel")
    def channel_shown(self, row: FrequencyCap) -> SafeString:
        """Show for which messages it counts."""
        return _channel(row)

    @admin.display(description="State")
    def state(self, row: FrequencyCap) -> SafeString:
        """Show whether it counts."""
        return _state(row)


class WeekdaysField(forms.TypedMultipleChoiceField):
    """Some days of the week, as a list of numbers."""

    widget = UnfoldAdminCheckboxSelectMultipleWidget

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=list(enumerate(DAYS)), coerce=int, initial=sorted(EVERY_DAY), **options)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare days, which a form has as texts."""
        return {str(day) for day in initial or ()} != set(map(str, data or ()))


class QuietHoursForm(forms.ModelForm[QuietHours]):
    """Quiet hours, which have to be over some time."""

    channel = ChannelField(told=f"{CHANNEL}.")
    weekdays = WeekdaysField(label="Days", help_text="On which they begin.")

    class Meta:
        model = QuietHours
        fields = ("channel", "weekdays", "start", "end", "is_enabled")
        help_texts = {
            "end": "Not later than From: on the day after. From 00:00 to 00:00 is the whole day.",
        }

    def clean(self) -> dict[str, Any]:
        """Refuse hours that, together with all others, leave no time."""
        cleaned = super().clean() or {}
        if self.errors or not cleaned["is_enabled"]:
            return cleaned
        others = QuietHours.objects.filter(is_enabled=True).exclude(pk=self.instance.pk)
        new = QuietHours(**cleaned)
        channel = contacts.silenced([new, *others])
        if channel is not None:
            about = f"by {channel}" if channel else "at all"
            self.add_error("weekdays", f"With the other quiet hours nobody could ever be written to {about}.")
        return cleaned


@admin.register(QuietHours)
class QuietHoursAdmin(ModelAdmin):
    """Times in which flows without hours of their own write to nobody: people wait there until these are over."""

    form = QuietHoursForm
    list_display = ("said", "days", "channel_shown", "state")
    ordering = ("channel", "start")
    fieldsets = (
        (None, {"fields": ("weekdays", "start", "end"), "description": "By the clocks where each person is."}),
        ("For what", {"fields": ("channel", "is_enabled")}),
    )
    warn_unsaved_form = True
    empty_list = "Flows may write at any time. Add quiet hours, such as from 21:00 to 08:00."

    def save_model(self, request: HttpRequest, obj: QuietHours, form: Any, change: Any) -> None:
        """Save them, and look again at those who wait by what was said before."""
        super().save_model(request, obj, form, change)
        if change:
            quiet.look_again(requested_by=request.user.get_username())

    def delete_model(self, request: HttpRequest, obj: QuietHours) -> None:
        """Delete them, and look again at those who wait for their end."""
        super().delete_model(request, obj)
        quiet.look_again(requested_by=request.user.get_username())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[QuietHours]) -> None:
        """Delete several, and look again once."""
        super().delete_queryset(request, queryset)
        quiet.look_again(requested_by=request.user.get_username())

    @admin.display(description="Hours", ordering="start")
    def said(self, row: QuietHours) -> str:
        """Say it."""
        return str(row)

    @admin.display(description="Days")
    def days(self, row: QuietHours) -> str:
        """Name the days on which they begin."""
        named = [DAYS[day] for day in sorted(row.weekdays)]
        return "Every day" if len(named) == len(DAYS) else ", ".join(named)

    @admin.display(description="Channel", ordering="channel")
    def channel_shown(self, row: QuietHours) -> SafeString:
        """Show for which messages they count."""
        return _channel(row)

    @admin.display(description="State")
    def state(self, row: QuietHours) -> SafeString:
        """Show whether they count."""
        return _state(row)


def _channel(row: FrequencyCap | QuietHours) -> SafeString:
    return badge(row.channel or "all channels", "blue" if row.channel else "grey")


def _state(row: FrequencyCap | QuietHours) -> SafeString:
    return badge("on", "green") if row.is_enabled else badge("off")
