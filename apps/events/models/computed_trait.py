"""Facts about a profile that are computed from its events."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models

from apps.core.fields import EventTypeField
from apps.core.impersonal import impersonal
from apps.core.snapshot import Remembered
from apps.profiles.aggregates import FUNCTIONS

FUNCTION_CHOICES = [(name, function.label) for name, function in FUNCTIONS.items()]
KEY, KEY_MESSAGE = r"^[a-z][a-z0-9_]*\Z", "Use small letters, digits and underscores, and begin with a letter."
MAX_DAYS = 3_650


@impersonal("configuration")
class ComputedTrait(Remembered):
    """A fact about each profile, computed from its events: how many, how much, which one first, how recently."""

    # What conditions call it, as in profile@computed.orders; it never changes.
    key = models.CharField(max_length=60, primary_key=True, validators=[RegexValidator(KEY, KEY_MESSAGE)])
    name = models.CharField(max_length=120, unique=True)
    description = models.TextField(blank=True, default="")
    function = models.CharField(max_length=20, choices=FUNCTION_CHOICES, default="count")
    event_types = ArrayField(EventTypeField(), default=list, blank=True)  # empty: all
    condition = models.TextField(blank=True, default="")  # that an event must meet
    path = models.CharField(max_length=200, blank=True, default="")  # where in the event the value is
    # How many days back events count, today (UTC) included; null: all events count, for ever.
    days = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(MAX_DAYS)]
    )
    is_enabled = models.BooleanField(default=True)
    # The version of the definitions in which its meaning changed last; see apps/events/computed_traits/definitions.py.
    version = models.PositiveBigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.name


@impersonal("configuration")
class ComputedVersion(Remembered):
    """How often the definitions of computed traits have changed: one row, which each change increments."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    number = models.PositiveBigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="computed_version_is_one_row")]

    def __str__(self) -> str:
        return str(self.number)
