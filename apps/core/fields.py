"""Model fields that two apps or more use."""

from collections.abc import Sequence
from typing import Any

import orjson
from django.db import models


class Json(models.JSONField):
    """A jsonb column read by orjson: the pipeline loads six of them for each profile."""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """Parse what the driver hands over as text."""
        return orjson.loads(value) if isinstance(value, str) else value

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """Appear in migrations as Django's own JSONField: the column is the same."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.JSONField", args, kwargs
