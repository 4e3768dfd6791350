"""All the ids under which a client may know a person.

Two ids are told apart everywhere. The *raw* id is the profile that something first belonged to; no merge ever changes
it, and a merge is undone by it. The *living* id is the profile that it leads to now: `alias.profile_id` where there is
an alias of the raw id, else the raw id itself.
"""

from django.db import models

from apps.core.impersonal import impersonal
from apps.core.snapshot import Remembered
from apps.profiles.models.profile import Profile


class Alias(models.Model):
    """An id that a client knows a profile by, other than its own; it resolves for ever.

    It is that of a profile that was merged away, or one that a client made up. It always leads to a living profile:
    a merge leads all aliases of the profile that goes to the one that stays.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="aliases")
    origin_id = models.UUIDField(editable=False)  # the raw id: of a merged profile its own
    created_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "aliases"

    def __str__(self) -> str:
        return str(self.id)


class Identifier(models.Model):
    """A name that another system has for a person: kind and value, kept as a keyed hash."""

    class Kind(models.TextChoices):
        USER = "user", "customer number or user id"
        ANONYMOUS = "anonymous", "anonymous id"
        EMAIL = "email", "e-mail address"
        PHONE = "phone", "phone number"
        DEVICE = "device", "device"
        EXTERNAL = "external", "id in another system"

    id = models.UUIDField(primary_key=True, editable=False)  # the hash, see identifiers.identifier_id
    kind = models.CharField(max_length=20, choices=Kind)
    # The raw id: it may be that of a profile that was merged away, which no foreign key would allow.
    profile = models.ForeignKey(Profile, on_delete=models.DO_NOTHING, db_constraint=False, related_name="identifiers")
    # The session that events of this device go on with when they bring no session id themselves.
    session_id = models.UUIDField(null=True)
    merge_count = models.PositiveIntegerField(default=0)  # how many merges it has caused
    is_shared = models.BooleanField(default=False)  # found to be that of several people: it leads nowhere any more
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


@impersonal("configuration: values that name nobody")
class BlockedIdentifier(Remembered):
    """A value that names nobody, or too many: a placeholder, a shared address, a kiosk in a shop."""

    kind = models.CharField(
        max_length=20, choices=Identifier.Kind, blank=True, default="", help_text="Empty: any kind."
    )
    pattern = models.CharField(
        max_length=200,
        help_text="The value, or a pattern with * for any characters: *@agency.example. In any case.",
    )
    note = models.CharField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "pattern"], name="blocked_once")]

    def __str__(self) -> str:
        return self.pattern
