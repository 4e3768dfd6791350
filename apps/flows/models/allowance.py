"""How much of something still goes: what limits and throttles count, by keys that flows may share."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.core.impersonal import impersonal


@impersonal("counts")
class Allowance(models.Model):
    """What has passed under a key, of which only a hash is kept."""

    id = models.UUIDField(primary_key=True)
    passed = ArrayField(models.BigIntegerField(), default=list)  # when, in ms since 1970: the latest ones, in order
    next_at = models.DateTimeField(null=True)  # of what is let through one by one: the first turn that is free
    forget_at = models.DateTimeField(db_index=True)  # nothing of it counts any more

    def __str__(self) -> str:
        return str(self.id)
