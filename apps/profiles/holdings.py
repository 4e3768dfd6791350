"""Where something of people is kept: what is exported, erased and made anonymous with them.

Each app says so in a module `personal`, which registers a holding for each of its tables. A table that no holding names
would be forgotten when a person is erased: a guard test fails then, unless the table says that it is `impersonal`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar, Final
from uuid import UUID

import orjson
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model, Q, QuerySet

from apps.core import keyset
from apps.core.ids import NIL, digest
from apps.core.registry import Registry, caller_place
from apps.profiles import ledger, traces
from apps.profiles.identifiers import identifier_id
from apps.profiles.models import Identifier, Profile

PROFILE, SESSION = "profile", "session"  # kinds of ids that are no identifiers


@dataclass(frozen=True, slots=True)
class Person:
    """All by which tables know one person, fixed at the beginning of what is done about that person."""

    id: UUID  # the living profile's
    raw_ids: tuple[UUID, ...]  # their profiles: the living one, and those that were merged into it
    places: tuple[UUID, ...]  # the ids under which what is theirs may lie
    names: tuple[tuple[str, UUID], ...] = ()  # (kind, id) of all that clients and other systems call them, hashed
    texts: tuple[str, ...] = ()  # how they may be named in texts
    anonymous_id: UUID = NIL  # of the anonymous profile that takes their place, if one does
    salt: str = ""  # by which its ids are made from theirs; thrown away at the end

    @property
    def belongings(self) -> Q:
        """Select the person's events and sessions, those that follow them only later included."""
        return Q(profile_id__in=self.places, original_profile_id__in=self.raw_ids)

    @property
    def keys(self) -> list[UUID]:
        """List the ids by which the payloads that they sent can be known."""
        return [key for _, key in self.names]

    def named(self, kind: str) -> list[UUID]:
        """List the person's ids of one kind."""
        return [key for each, key in self.names if each == kind]

    def pseudonym(self, id: UUID) -> UUID:
        """Return what an id becomes in the anonymous profile: equal ids stay equal, and nobody gets back."""
        return digest("pseudonym", self.salt, str(id))

    def as_dict(self) -> dict[str, Any]:
        """Shape the person for a JSON column."""
        shaped: dict[str, Any] = orjson.loads(orjson.dumps(asdict(self)))
        return shaped

    @classmethod
    def from_dict(cls, known: dict[str, Any]) -> "Person":
        """Read what `as_dict` wrote, back from JSON."""
        return cls(
            id=UUID(known["id"]),
            raw_ids=tuple(map(UUID, known["raw_ids"])),
            places=tuple(map(UUID, known["places"])),
            names=tuple((kind, UUID(key)) for kind, key in known["names"]),
            texts=tuple(known["texts"]),
            anonymous_id=UUID(known["anonymous_id"]),
            salt=known["salt"],
        )


class Holding:
    """A table, or several, with something of people."""

    name: ClassVar[str]  # of its files in an export, and of its line in a certificate
    title: ClassVar[str]  # in words, for the person
    models: ClassVar[tuple[type[Model], ...]]
    is_at_once = False  # erased in the transaction that begins an erasure; everything else follows page by page

    def names(self, person: Person) -> Iterator[tuple[str, UUID]]:
        """Yield (kind, id) of what clients and other systems may call the person by."""
        yield from ()

    def rows(self, person: Person) -> Iterator[dict[str, Any]]:
        """Yield what is known of the person, row by row."""
        raise NotImplementedError

    def count(self, person: Person) -> int:
        """Count what is known of the person, row by row where nothing faster is known."""
        return sum(1 for _ in self.rows(person))

    def erase(self, person: Person, *, limit: int) -> int:
        """Remove up to so many rows and return their number; fewer than `limit` means that nothing is left."""
        raise NotImplementedError

    def anonymise(self, person: Person, *, limit: int) -> int:
        """Turn up to so many rows into what is nobody's any more, or remove them; return their number."""
        return self.erase(person, limit=limit)


class Rows(Holding):
    """The simplest holding: rows of one model, which go as a whole."""

    omitted: ClassVar[tuple[str, ...]] = ()  # columns that say nothing to the person

    def find(self, person: Person) -> Q:
        """Return what selects a person's rows."""
        raise NotImplementedError

    def found(self, person: Person) -> QuerySet[Any]:
        """Select the person's rows, in a stable order."""
        return self._objects.filter(self.find(person)).order_by("pk")

    def rows(self, person: Person) -> Iterator[dict[str, Any]]:
        """Yield the rows as they are, but for the omitted columns."""
        columns = [field.attname for field in self.models[0]._meta.concrete_fields if field.attname not in self.omitted]
        key = str(self.models[0]._meta.pk.attname)
        for row in keyset.rows(self.found(person).values(*{key, *columns}), key):
            yield {column: row[column] for column in columns}

    def count(self, person: Person) -> int:
        """Count the rows."""
        return self.found(person).count()

    def erase(self, person: Person, *, limit: int) -> int:
        """Delete the rows."""
        ids = list(self.found(person).values_list("pk", flat=True)[:limit])
        self._objects.filter(pk__in=ids).delete()
        return len(ids)

    @property
    def _objects(self) -> QuerySet[Any]:
        return self.models[0]._default_manager.all()


class ProfileRows(Rows):
    """Rows whose `profile_id` says whose they are: the living one's, which merges take along, or any left behind."""

    def find(self, person: Person) -> Q:
        """Return what selects a person's rows: those with the id of one of the profiles."""
        return Q(profile_id__in=person.raw_ids)


class RawRows(ProfileRows):
    """Rows whose `profile_id` stays the raw id that they came with: merges leave them alone, and can be undone.

    Whoever reads those of a living profile asks for all of its `ledger.raw_ids`.
    """


# In the order of the apps, and in an app as declared: rows come after those that they refer to, and go before them.
holdings: Final[Registry[Holding]] = Registry("holding", module="personal")


def register(holding: type[Holding]) -> type[Holding]:
    """Make a holding known; for classes in the modules named `personal`.

    Raises ImproperlyConfigured for one that does not say what it holds, or whose name there is.
    """
    unsaid = [said for said in ("name", "title", "models") if not hasattr(holding, said)]
    if unsaid:
        message = f"the holding {holding.__name__} does not say its {' and '.join(unsaid)}."
        raise ImproperlyConfigured(f"{caller_place()}: {message}")
    holdings.register(holding.name, holding(), stacklevel=2)
    return holding


def person_of(profile: Profile) -> Person:
    """Gather all by which tables know the person of a living profile."""
    own = ledger.raw_ids([profile.id])
    places = {*own, *ledger.unmoved_places(own)}
    values = set(traces.values_of(profile))
    person = Person(
        id=profile.id, raw_ids=tuple(own), places=tuple(places), texts=tuple(sorted(value for _, value in values))
    )
    named = {name for holding in holdings.values() for name in holding.names(person)} | _own_names(values, own)
    return replace(person, names=tuple(sorted(named)))


def _own_names(values: Iterable[tuple[str, str]], own: Sequence[UUID]) -> set[tuple[str, UUID]]:
    """Hash what the facts name a person by, but for what has been found to name somebody else, or several."""
    names = {(kind, identifier_id(kind, value)) for kind, value in values}
    known = Identifier.objects.filter(id__in=[key for _, key in names])
    others = set(known.exclude(profile_id__in=own, is_shared=False).values_list("id", flat=True))
    return {(kind, key) for kind, key in names if key not in others}
