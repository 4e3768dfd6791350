"""What timelines say of an event."""

from django import template

from apps.events.store.timeline import gist as gist_of

register = template.Library()
register.filter("gist", gist_of)
