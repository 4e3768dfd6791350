"""The admin's pages of what goes through the pipeline again by hand."""

from apps.collector.admin import refused

__all__ = ["refused"]
