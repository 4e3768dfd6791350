"""Profiles that were changed outside of the pipeline."""

from django.db import models


class Dirty(models.Model):
    """A profile that somebody has to look at again: the segments that it belongs to may have changed with it.

    `marked_at` grows with each time, so that whoever looked removes what they saw, and nothing that came meanwhile.
    """

    profile_id = models.UUIDField(primary_key=True, editable=False)
    marked_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "dirty"

    def __str__(self) -> str:
        return str(self.profile_id)
