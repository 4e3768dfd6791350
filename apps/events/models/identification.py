"""Which events prove who somebody is."""

from django.core.exceptions import ValidationError
from django.db import models

from apps.core import paths
from apps.core.fields import EventTypeField
from apps.core.impersonal import impersonal
from apps.core.snapshot import Remembered
from apps.events.models.source import Source
from apps.profiles.models import Identifier


@impersonal("configuration")
class IdentificationPoint(Remembered):
    """A property of an event that is an identifier of its person: profiles that have the same one are one person."""

    event_type = EventTypeField(help_text="The type of the events, such as sign-in.")
    source = models.ForeignKey(
        Source, on_delete=models.CASCADE, null=True, blank=True, help_text="Only events of this source. Empty: of any."
    )
    path = models.CharField(max_length=200, help_text="Where the identifier is in the properties: email.main")
    kind = models.CharField(max_length=20, choices=Identifier.Kind)
    system = models.CharField(
        max_length=60, blank=True, default="", help_text="Ids in another system: its name, such as crm."
    )
    merges_customers = models.BooleanField(
        "merges customers",
        default=False,
        help_text="Merge even two customers with different numbers. Only for what is never shared.",
    )
    is_enabled = models.BooleanField("enabled", default=True)
    is_builtin = models.BooleanField(default=False, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["event_type", "source", "path", "kind", "system"],
                nulls_distinct=False,
                name="identification_point_once",
                violation_error_message="There is an identification point for this already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.event_type}: {self.path}"

    def clean(self) -> None:
        """Refuse a path that is none, and an id in a system that is not named."""
        try:
            paths.parse(self.path)
        except paths.PathError as error:
            raise ValidationError({"path": str(error)}) from None
        if (self.kind == Identifier.Kind.EXTERNAL) != bool(self.system):
            raise ValidationError({"system": "Name the other system, for ids in another system and for these alone."})
