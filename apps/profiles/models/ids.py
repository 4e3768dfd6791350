"""All the ids under which a client may know a profile."""

from django.db import models

from apps.profiles.models.profile import Profile


class Alias(models.Model):
    """An id that a client knows a profile by, other than its own; it resolves for ever."""

    id = models.UUIDField(primary_key=True, editable=False)
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="aliases")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "aliases"

    def __str__(self) -> str:
        return str(self.id)


class Identifier(models.Model):
    """A name that another system has for a person: kind and value, kept as a keyed hash."""

    class Kind(models.TextChoices):
        USER = "user", "user id"
        ANONYMOUS = "anonymous", "anonymous id"

    id = models.UUIDField(primary_key=True, editable=False)  # the hash, see identity.identifier_id
    kind = models.CharField(max_length=20, choices=Kind)
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="identifiers")
    # The session that events of this device go on with when they bring no session id themselves.
    session_id = models.UUIDField(null=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
