"""Who changes a profile outside of the pipeline tells those who watch what people are like: flows may begin with that.

    seen = observing.see([profile], now=now)
    ...                                          # change it, and write it
    observing.tell(seen, now=now)

in the transaction that holds the rows. Not for what is no news: merges, what is undone, what is counted anew.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

from apps.core.registry import Registry
from apps.profiles.models import Profile


class Observer(Protocol):
    """Somebody who watches."""

    def see(self, profiles: Iterable[Profile], *, roots: Collection[str], now: datetime) -> Any:
        """Note what is observed of profiles, in columns of these names only; None: nothing is."""
        ...

    def tell(self, seen: Any, *, chains: Mapping[UUID, int], now: datetime) -> None:
        """Look at those who were seen, now that they are written."""
        ...


observers: Final[Registry[Observer]] = Registry("observer of profiles", module="observers")


@dataclass(frozen=True, slots=True)
class Seen:
    """What observers saw."""

    by_observer: Sequence[tuple[Observer, Any]]


def see(profiles: Collection[Profile], *, now: datetime, roots: Collection[str] = ()) -> Seen:
    """Let all who watch note what profiles are like; of some columns only, where these are named. No statement."""
    seen = ((observer, observer.see(profiles, roots=roots, now=now)) for observer in observers.values())
    return Seen([(observer, each) for observer, each in seen if each is not None])


def tell(seen: Seen, *, now: datetime, chains: Mapping[UUID, int] | None = None) -> None:
    """Let them look again; `chains` says of profiles how many flows in a row have changed them."""
    for observer, each in seen.by_observer:
        observer.tell(each, chains=chains or {}, now=now)
