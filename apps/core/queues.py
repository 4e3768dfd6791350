"""The queues of the platform: an app declares its own in its module `jobs`, beside what goes into them."""

from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from apps.core.registry import Registry, caller_place

TIMEOUT_SECS: Final = 300  # then a worker ends the job


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue by its name on the wire; docs/queues.md says who puts, who takes, and what is lost with it."""

    name: str


# In the order in which a worker looks into them: that of the apps.
queues: Final[Registry[Queue]] = Registry("queue", module="jobs")


def declare(name: str) -> Queue:
    """Make a queue known, and return it. Raises ImproperlyConfigured for a name that there is, and for none."""
    if not name:
        raise ImproperlyConfigured(f"{caller_place()}: a queue has a name, this one is empty.")
    return queues.register(name, Queue(name), stacklevel=2)


DEFAULT: Final = declare("default")


def configure() -> None:
    """Tell django-rq of all queues, which it reads from the settings: those are there before any app is."""
    for name in queues:
        settings.RQ_QUEUES[name] = {"URL": settings.REDIS_URL, "DEFAULT_TIMEOUT": TIMEOUT_SECS}
