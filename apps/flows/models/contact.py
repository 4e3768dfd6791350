"""How often, and when, flows may write to people: caps, quiet hours, and the messages by which caps count."""

from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models

from apps.conditions.durations import in_words
from apps.core.ids import new_id
from apps.core.impersonal import impersonal
from apps.core.snapshot import Remembered
from apps.flows.moments import Window
from apps.segments.models.segment import KEY, KEY_MESSAGE

MAX_PERIOD = timedelta(days=366)


def channel_field() -> models.CharField[str, str]:
    """Make the column of a channel, such as email; empty: all of them."""
    return models.CharField(
        max_length=40,
        blank=True,
        default="",
        validators=[RegexValidator(KEY, KEY_MESSAGE)],
        help_text="As nodes that send call it, such as email. Empty: all together.",
    )


@impersonal("configuration")
class FrequencyCap(Remembered):
    """So many messages at most in any such period, to each person, of all flows together."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    channel = channel_field()
    most = models.PositiveSmallIntegerField("at most", validators=[MinValueValidator(1)])
    period = models.DurationField(help_text="Any such period counts, not only whole days or weeks.")
    is_enabled = models.BooleanField("enabled", default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "period"],
                name="frequency_cap_unique",
                violation_error_message="There is a cap for this channel and period.",
            ),
            models.CheckConstraint(
                condition=models.Q(most__gte=1, period__gt=timedelta(0), period__lte=MAX_PERIOD),
                name="frequency_cap_bounds",
                violation_error_message="A period is from a second to 366 days.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel or 'all channels'}: {self.most:,} in {in_words(self.period)}"


@impersonal("configuration")
class QuietHours(Remembered):
    """A time of some days of the week in which nobody is written to, on the clocks where they are."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    channel = channel_field()
    # Those on which it begins; Monday is 0.
    weekdays = ArrayField(models.PositiveSmallIntegerField())
    start = models.TimeField("from")
    end = models.TimeField("to", help_text="Not later than its beginning: on the day after.")
    is_enabled = models.BooleanField("enabled", default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "quiet hours"

    def __str__(self) -> str:
        return f"{self.start:%H:%M} to {self.end:%H:%M}"

    @property
    def window(self) -> Window:
        """Return the time as the arithmetic has it."""
        return Window(frozenset(self.weekdays), self.start, self.end)


class Contact(models.Model):
    """A message to somebody that a flow planned: one for each time that they come to its node."""

    id = models.UUIDField(primary_key=True, editable=False)  # made of run, node and first visit: each is there once
    profile_id = models.UUIDField()  # the raw id: all of a living profile's are counted together
    channel = models.CharField(max_length=40)
    at = models.DateTimeField()
    run_id = models.UUIDField()
    node = models.CharField(max_length=40)

    class Meta:
        indexes = [
            models.Index(fields=["profile_id", "at"], name="contact_profile"),  # what caps count
            models.Index(fields=["at"], name="contact_at"),  # the oldest are deleted
        ]

    def __str__(self) -> str:
        return f"{self.channel} at {self.at:%Y-%m-%d %H:%M:%S}"
