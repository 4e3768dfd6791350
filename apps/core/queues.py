"""The queues of the platform: an app declares its own in its module `jobs`, beside what goes into them."""

from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from apps.core.registry import Registry, caller_place

TIMEOUT_SECS: Final = 300  # then a worker ends the job


class OutOfTime(BaseException):
    """A worker ends the job that it does.

    No `except Exception` takes it for a fault of what was worked on: it ends the job, and what was leased is due again.
    """


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue by its name on the wire; docs/queues.md says who puts, who takes, and what is lost with it."""

    name: str
    role: str = "worker"  # whose processes take from it: what waits long for others has some of its own


# In the order in which a worker looks into them: that of the apps.
queues: Final[Registry[Queue]] = Registry("queue", module="jobs")


def declare(name: str, *, role: str = "worker") -> Queue:
    """Make a queue known, from which a role of the platform takes, and return it.

    Raises ImproperlyConfigured for a name that there is, and for none.
    """
    if not name:
        raise ImproperlyConfigured(f"{caller_place()}: a queue has a name, this one is empty.")
    return queues.register(name, Queue(name, role), stacklevel=2)


def of_role(role: str) -> list[str]:
    """Name the queues from which a role takes, in the order in which it looks into them."""
    return [name for name, queue in queues.items() if queue.role == role]


DEFAULT: Final = declare("default")


def configure() -> None:
    """Tell django-rq of all queues, which it reads from the settings: those are there before any app is."""
    for name in queues:
        settings.RQ_QUEUES[name] = {"URL": settings.REDIS_URL, "DEFAULT_TIMEOUT": TIMEOUT_SECS}
