"""The source of what the platform itself reports: there always is one, and nobody can delete it or switch it off."""

from typing import Final
from uuid import UUID

SOURCE_ID: Final = UUID("00000000-0000-7000-8000-000000000001")
NAME: Final = "The platform itself"
