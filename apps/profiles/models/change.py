"""What people and programs changed by hand in a profile."""

from django.db import models

from apps.core.fields import Json
from apps.core.ids import new_id


class ProfileChange(models.Model):
    """One field that somebody set: what it held before and after. What events set is told by the provenance.

    It keeps the profile id that the profile had then, also after merges, as decisions about consents do.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    profile_id = models.UUIDField()
    at = models.DateTimeField()
    actor = models.CharField(max_length=64)  # user:<id> or key:<prefix>, as in the provenance
    actor_name = models.CharField(max_length=150)
    path = models.TextField()
    before = Json(null=True)
    after = Json(null=True)

    class Meta:
        indexes = [models.Index(fields=["profile_id", "id"], name="change_by_profile")]  # a person's changes

    def __str__(self) -> str:
        return self.path
