"""Groups of people: by a condition, by a list, or by flows."""

from django.core.validators import RegexValidator
from django.db import models

from apps.core.ids import new_id
from apps.core.impersonal import impersonal
from apps.core.snapshot import Remembered

KEY, KEY_MESSAGE = r"^[a-z0-9][a-z0-9_-]*\Z", "Use small letters, digits, hyphens and underscores."


@impersonal("configuration")
class Segment(Remembered):
    """A group of people. Who belongs to it is said by memberships, whatever made them."""

    class Kind(models.TextChoices):
        CONDITION = "condition", "By a condition"
        LIST = "list", "By a list"
        FLOW = "flow", "By flows"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # What conditions call it, as in profile@segments CONTAINS "vip"; it never changes.
    key = models.CharField(max_length=100, unique=True, validators=[RegexValidator(KEY, KEY_MESSAGE)])
    name = models.CharField(max_length=120, unique=True)
    description = models.TextField(blank=True, default="")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.CONDITION)
    condition = models.TextField(blank=True, default="")  # of the kind that has one
    is_sticky = models.BooleanField("sticky", default=False, help_text="Whoever came in stays in.")
    is_enabled = models.BooleanField("enabled", default=True, help_text="While it is off, nobody comes in or leaves.")
    # The version of all definitions in which its meaning changed last; see SegmentVersion.
    version = models.PositiveBigIntegerField(default=0, editable=False)
    # Since when its members are those of its present meaning; null: it has not been evaluated for everybody yet.
    evaluated_at = models.DateTimeField(null=True, editable=False)
    # When that was so for the first time, of whatever meaning: until then nobody is told who comes in.
    built_at = models.DateTimeField(null=True, editable=False)
    size = models.PositiveBigIntegerField(default=0, editable=False)  # members when they were last counted
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="condition") ^ models.Q(condition=""), name="segment_condition_fits_kind"
            )
        ]
        permissions = [("export_members", "Can export who is in a segment")]

    def __str__(self) -> str:
        return self.name


@impersonal("configuration")
class SegmentVersion(Remembered):
    """How often the definitions of segments have changed: one row, which each change increments."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    number = models.PositiveBigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="segment_version_is_one_row")]

    def __str__(self) -> str:
        return str(self.number)


@impersonal("counts")
class SegmentSize(models.Model):
    """How many members a segment had on a day (UTC), when they were last counted on it."""

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="sizes")
    day = models.DateField()
    size = models.PositiveBigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["segment", "day"], name="segment_size_by_day")]

    def __str__(self) -> str:
        return f"{self.size} on {self.day}"
