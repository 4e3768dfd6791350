"""The admin's pages of segments: the list, the form with its editor, members, growth, and why somebody is in one."""

from apps.segments.admin import languages, segment

__all__ = ["languages", "segment"]
