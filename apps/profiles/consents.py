"""What a person has agreed to: how decisions are read, which one counts, and what holds now.

`Profile.consents` is {id: {"revoke": null, or the time at which it ends}}. A consent holds when it was granted and has
not ended; what nobody has decided does not hold. A withdrawal is an end in the past, so that it is never forgotten:
it took effect when it was decided or before, and a consent that expired ended later than it was decided.

`state` says what a consent is now, and whoever asks comes here; `in_state` is the same in SQL, held to it by a law.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from apps.conditions import Sql
from apps.conditions.sql.fragment import sql
from apps.core import paths
from apps.profiles import conversions, schema
from apps.profiles.provenance import Entry, Provenance, take
from apps.profiles.schema import FieldError

EVENT_TYPE: Final = "consent-update"  # what people decide themselves
RECORDED: Final = "consent-recorded"  # what somebody recorded for them: they did nothing
EVENT_TYPES: Final = frozenset({EVENT_TYPE, RECORDED})  # events of these types, and nothing else, decide about consents
PROPERTY: Final = "consents"

Consent = dict[str, str | None]
Consents = dict[str, Any]


class State(StrEnum):
    """What a consent is at some time."""

    GIVEN = "given"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Standing:
    """What a consent is now, since when, and until when it holds if nothing is decided."""

    state: State
    since: datetime | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Terms:
    """What a decision about a consent type has to know of it; the columns of `ConsentType` say what each means."""

    id: str
    text_version: int
    is_enabled: bool
    is_revokable: bool
    valid_days: int | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decided about one consent type."""

    consent_id: str
    is_granted: bool
    at: datetime
    ends_at: datetime | None  # of a withdrawal: when it took effect
    text_version: int


@dataclass(slots=True)
class Said:
    """What an event says about consents: decisions, and (path, message) of what is none."""

    decisions: list[Decision]
    problems: list[tuple[str, str]]


def read(said: object, terms: Mapping[str, Terms], *, at: datetime) -> Said:
    """Read {id: true | false | {"revoke": time or null, "text_version": number}}; one that is wrong stops no other.

    `true` grants until the type's own expiry, if it has one, and `false` withdraws. A `revoke` in the future is an
    earlier end, one in the past a withdrawal. The version is the one in force, unless the event names an older one.
    What grants must be understood to the last word, as it has to prove something; a withdrawal is no matter of words.
    """
    found = Said([], [])
    if not isinstance(said, dict):
        found.problems.append((PROPERTY, "Expected an object with an entry for each consent."))
        return found
    for consent_id, value in said.items():
        path = path_of(consent_id)
        known = terms.get(consent_id)
        if known is None:
            found.problems.append((path, "There is no such consent type."))
            continue
        try:
            decision = _decision(known, value, at=at)
        except FieldError as error:
            found.problems.append((path, error.message))
            continue
        if decision.is_granted and not known.is_enabled:
            found.problems.append((path, "This consent is no longer asked for."))
        else:
            found.decisions.append(decision)
    return found


def stored(decisions: Iterable[Decision]) -> dict[str, Consent]:
    """Shape decisions as `Profile.consents` and stored events hold them."""
    return {
        decision.consent_id: {"revoke": _iso(decision.ends_at) if decision.ends_at else None} for decision in decisions
    }


def settle(decided: object, said: Entry, *, consents: Consents, provenance: Provenance) -> None:
    """Let decisions count, in place: each one that is not older than what is known of its consent.

    `decided` is {id: {"revoke": …}}, as `stored` shapes it and as events of this type hold it once they are stored.
    """
    for consent_id, consent in decided.items() if isinstance(decided, dict) else ():
        if isinstance(consent, dict) and take(provenance, path_of(consent_id), said):
            consents[consent_id] = consent


def state(consents: Mapping[str, Any], provenance: Mapping[str, Any], consent_id: str, *, at: datetime) -> State:
    """Say what a consent is. Whoever does not know when it was decided takes an expired one for withdrawn.

    What ended when it was decided was withdrawn, even if the clock of `at` is behind that of whoever took the decision.
    """
    consent = consents.get(consent_id)
    if not isinstance(consent, dict):
        return State.NEVER
    ends_at = consent.get("revoke")
    if ends_at is None:
        return State.GIVEN
    if not isinstance(ends_at, str):
        return State.WITHDRAWN
    decided = provenance.get(path_of(consent_id))
    if decided and ends_at <= decided[0]:  # ISO texts in UTC sort by time
        return State.WITHDRAWN
    if ends_at > _iso(at):
        return State.GIVEN
    return State.EXPIRED if decided else State.WITHDRAWN


def in_state(wanted: str, consent_id: str, at: datetime) -> Sql:
    """Return SQL over profiles_profile AS p that is true where a consent is in a state."""
    consent, now = Sql("(p.consents -> %s)", (consent_id,)), _iso(at)
    if wanted == State.NEVER:
        return sql("jsonb_typeof({}) IS DISTINCT FROM 'object'", consent)
    ends = sql("COALESCE({} -> 'revoke', 'null')", consent)
    given = sql(
        "CASE jsonb_typeof({0}) WHEN 'null' THEN true WHEN 'string' THEN ({0} #>> '{{}}') COLLATE \"C\" > {1} END",
        ends,
        now,
    )
    decided = sql("jsonb_typeof({}) = 'object'", consent)
    # True where it went on after the decision, false where it ended with it, unknown where nobody knows.
    went_on = sql(
        "CASE WHEN jsonb_typeof({0}) = 'string' THEN (p.provenance -> {1} ->> 0) COLLATE \"C\" < ({0} #>> '{{}}') END",
        ends,
        path_of(consent_id),
    )
    holds = sql("({}) IS TRUE AND ({}) IS NOT FALSE", given, went_on)
    if wanted == State.GIVEN:
        return sql("{} AND {}", decided, holds)
    is_wanted = "IS TRUE" if wanted == State.EXPIRED else "IS NOT TRUE"
    return sql(f"{{}} AND NOT ({{}}) AND ({{}}) {is_wanted}", decided, holds, went_on)


def states_of(consents: Mapping[str, Any], provenance: Mapping[str, Any]) -> Callable[[str, datetime], State]:
    """Return what conditions ask in memory: a function of a consent and the time."""
    return lambda consent_id, at: state(consents, provenance, consent_id, at=at)


def standing(consents: Consents, provenance: Provenance, consent_id: str, *, at: datetime) -> Standing:
    """Say what a consent is, since when, and until when."""
    found = state(consents, provenance, consent_id, at=at)
    if found is State.NEVER:
        return Standing(found, None, None)
    ends_at, (decided_at, *_) = consents[consent_id].get("revoke"), provenance.get(path_of(consent_id)) or ("",)
    end, decided = (datetime.fromisoformat(each) if each else None for each in (ends_at, decided_at))
    return Standing(found, decided, end) if found is State.GIVEN else Standing(found, end, None)


def told(held: Standing) -> str:
    """Put what a consent is into words, as they go on from a person's name."""
    day = f"{held.since.day} {held.since:%b %Y}" if held.since else "an unknown day"
    match held.state:
        case State.GIVEN:
            end = f", until {held.until.day} {held.until:%b %Y}" if held.until else ""
            return f"agreed on {day}{end}"
        case State.WITHDRAWN:
            return f"withdrew on {day}"
        case State.EXPIRED:
            return f"agreed, which expired on {day}"
    return "was never asked"


def holds(consents: Mapping[str, Any], provenance: Mapping[str, Any], consent_id: str, *, at: datetime) -> bool:
    """Tell whether a consent is granted, and neither withdrawn nor expired."""
    return state(consents, provenance, consent_id, at=at) is State.GIVEN


def all_hold(
    consents: Mapping[str, Any], provenance: Mapping[str, Any], wanted: Iterable[str], *, at: datetime
) -> bool:
    """Tell whether each of the wanted consents holds."""
    return all(holds(consents, provenance, consent_id, at=at) for consent_id in wanted)


def path_of(consent_id: str) -> str:
    """Name the place of a consent, in an event's properties as in a profile."""
    return paths.join((PROPERTY, consent_id))


def provenance_of(provenance: Provenance) -> Provenance:
    """Return that part of a profile's provenance which is about consents."""
    return {path: said for path, said in provenance.items() if path.startswith(f"{PROPERTY}.")}


def _decision(terms: Terms, value: object, *, at: datetime) -> Decision:
    if isinstance(value, bool):
        ends_at = None if value else at
    elif isinstance(value, dict):
        revoke = schema.coerce(path_of(terms.id), value)["revoke"]
        ends_at = datetime.fromisoformat(revoke) if revoke else None
    else:
        raise FieldError(terms.id, 'Expected true, false or an object such as {"revoke": null}.')
    is_granted = ends_at is None or ends_at > at
    version = _version_shown(terms, value) if is_granted and isinstance(value, dict) else terms.text_version
    if is_granted and terms.valid_days:
        expiry = at + timedelta(days=terms.valid_days)
        ends_at = min(ends_at, expiry) if ends_at else expiry
    return Decision(terms.id, is_granted, at, ends_at, version)


def _version_shown(terms: Terms, value: Mapping[str, Any]) -> int:
    """Return which wording was shown to who agreed. Raises FieldError for one that never was, and for unknown words."""
    unknown = next((name for name in value if name not in ("revoke", "text_version")), None)
    if unknown is not None:
        raise FieldError(terms.id, f"Expected nothing but revoke and text_version, not {unknown!r:.60}.")
    shown = value.get("text_version")
    if shown is None:
        return terms.text_version
    try:
        version = conversions.number(shown)
    except ValueError:
        version = 0
    if version != int(version) or not 1 <= version <= terms.text_version:
        raise FieldError(terms.id, f"There is no such text_version: they go from 1 to {terms.text_version}.")
    return int(version)


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
