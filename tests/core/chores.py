"""Rows that wait, of a model that only tests and the bench know: it belongs to no app, and no migration makes it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import ClassVar

from django.apps.registry import Apps
from django.db import connection, models

from apps.core.claims import Claimable
from apps.core.fields import Json
from apps.core.ids import new_id


class Chore(Claimable):
    """Something to be done for somebody."""

    SUBJECT = "owner_id"

    id = models.UUIDField(primary_key=True, default=new_id)
    owner_id = models.UUIDField(default=new_id)
    place = models.CharField(max_length=20, default="")
    state = Json(default=dict)

    objects: ClassVar[models.Manager["Chore"]] = models.Manager()

    class Meta(Claimable.Meta):
        app_label = "chores"
        apps = Apps()


@contextmanager
def chores() -> Iterator[None]:
    """Make their table, and drop it in the end."""
    with connection.schema_editor() as editor:
        editor.create_model(Chore)
    try:
        yield
    finally:
        with connection.schema_editor() as editor:
            editor.delete_model(Chore)


def put(count: int = 1, *, due_at: datetime, place: str = "") -> list[Chore]:
    """Let so many wait."""
    return Chore.objects.bulk_create(Chore(due_at=due_at, place=place) for _ in range(count))
