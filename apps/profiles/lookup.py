"""Whom texts name, one or many: customer numbers, e-mail addresses, ids old and new, identifiers of any kind."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from uuid import UUID

from apps.conditions.spelling import fold
from apps.core.ids import as_uuid
from apps.profiles import ledger
from apps.profiles.identifiers import identifier_id, normalise
from apps.profiles.models import Identifier, Profile


def named(text: str) -> set[UUID]:
    """Return the ids of the living profiles that a text names: by an identifier of any kind, or an id old or new."""
    return set(ledger.living_ids(_raw_ids([text])[text]).values())


def people_of(texts: Collection[str]) -> dict[str, set[UUID]]:
    """Return the ids of the living profiles that each text names; five queries, whatever the number of texts.

    A text that names nobody has an empty set; one that names several people has them all: the caller decides.
    """
    found = ids_of(texts)
    living = ledger.living_ids(set().union(*found.values()))
    alive = set(Profile.objects.filter(id__in=living.values()).values_list("id", flat=True))
    return {text: {living[id] for id in ids} & alive for text, ids in found.items()}


def ids_of(texts: Collection[str]) -> dict[str, set[UUID]]:
    """Return the ids by which each text names profiles, old ones and of nobody included; three queries.

    Whoever locks these people locks by these ids (`ledger.locked`): where they lead may change until then.
    """
    found: dict[str, set[UUID]] = {text: set() for text in texts}
    for text, raw_ids in _raw_ids(found).items():
        found[text] |= raw_ids
    for column, spell in (("primary_id", fold), ("email", _lowered)):
        for text, ids in _by_column(column, {text: spell(text) for text in found}):
            found[text] |= ids
    return found


def _raw_ids(texts: Iterable[str]) -> dict[str, set[UUID]]:
    found: dict[str, set[UUID]] = defaultdict(set)
    written: dict[UUID, list[str]] = defaultdict(list)  # an address or a number may be written in several ways
    for text in texts:
        as_id = as_uuid(text.strip())
        if as_id:
            found[text].add(as_id)
        for kind in Identifier.Kind:
            value = normalise(kind, text)
            if value:
                written[identifier_id(kind, value)].append(text)
    rows = Identifier.objects.filter(id__in=written.keys(), is_shared=False).values_list("id", "profile_id")
    for key, raw_id in rows:
        for text in written[key]:
            found[text].add(raw_id)
    return found


def _by_column(column: str, wanted: dict[str, str]) -> Iterable[tuple[str, set[UUID]]]:
    by_value: dict[str, set[UUID]] = defaultdict(set)
    values = [value for value in wanted.values() if value]
    for value, profile_id in Profile.objects.filter(**{f"{column}__in": values}).values_list(column, "id"):
        by_value[value].add(profile_id)
    return ((text, by_value[value]) for text, value in wanted.items() if value in by_value)


def _lowered(text: str) -> str:
    return fold(text).lower()
