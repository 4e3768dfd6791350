"""The admin's pages of segments: list, form with editor, members, growth, why somebody is in; re-evaluation runs."""

from apps.segments.admin import languages, reevaluation, segment

__all__ = ["languages", "reevaluation", "segment"]
