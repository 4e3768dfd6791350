"""Connections: other systems, how they are reached, and how sending to them goes."""

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from apps.core.fields import EncryptedText, Json
from apps.core.ids import new_id
from apps.core.impersonal import impersonal
from apps.core.snapshot import Remembered

IN_FLIGHT = 16
MOST_IN_FLIGHT = 256


@impersonal("configuration: addresses of systems, and our credentials for them")
class Connection(Remembered):
    """Another system, and what lets us in: settings by its kind, secrets encrypted, both once more for tests."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=40)  # the name of one of kinds/
    is_enabled = models.BooleanField("on", default=True, help_text="Off: what is to be sent waits.")
    # Documents as `core/typed_settings` reads them: what is no secret, and JSON of what is one.
    settings = Json(default=dict, blank=True)
    secrets = EncryptedText(blank=True, default="", editable=False)
    # It can be tried by these; no flow sends by them.
    test_settings = Json(default=dict, blank=True)
    test_secrets = EncryptedText(blank=True, default="", editable=False)
    rate_per_sec = models.PositiveIntegerField(
        "most in a second",
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(100_000)],
        help_text="Requests or messages, over all workers. Empty: as fast as it goes.",
    )
    in_flight = models.PositiveSmallIntegerField(
        "most at once",
        default=IN_FLIGHT,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_IN_FLIGHT)],
        help_text="How many may be on their way at the same time.",
    )
    # How sending goes: written by who sends, through `sending`.
    held_at = models.DateTimeField(null=True, editable=False)  # nothing is sent until somebody releases it
    held_because = models.TextField(blank=True, default="", editable=False)
    rests_until = models.DateTimeField(null=True, editable=False)  # it failed; then one probe is sent
    failures = models.PositiveSmallIntegerField(default=0, editable=False)  # in a row
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    # For the state of sending alone, which changes often and which no snapshot reads: nobody is told of these writes.
    sending: ClassVar[models.Manager["Connection"]] = models.Manager()

    class Meta:
        default_manager_name = "objects"

    def __str__(self) -> str:
        return self.name
