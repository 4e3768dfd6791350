"""The admin's pages of segments: list, form with editor, members, growth, why somebody is in one; live runs."""

from apps.segments.admin import languages, run, segment

__all__ = ["languages", "run", "segment"]
