"""What an answer means, for what was delivered and for its connection: one table a protocol, and when to try again."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

# After the first try, the second ...; the last one for all that follow, until the deadline.
RESTS: Final[Sequence[timedelta]] = [timedelta(seconds=secs) for secs in (2, 10, 60, 300, 900, 3_600)]
JITTER: Final = 0.2  # of a rest, more or less: what failed together does not come again together
FAILURES: Final = 5  # in a row, until a connection rests
SHORTEST_REST, LONGEST_REST = timedelta(seconds=5), timedelta(minutes=5)
SLOWED_REST: Final = timedelta(seconds=5)  # where too much was sent, and nobody said for how long to rest


class Verdict(Enum):
    """What becomes of a delivery, and of its connection."""

    DELIVERED = "delivered"  # it is there; the connection works
    REFUSED = "refused"  # as it is, it will never be taken: this one is set aside, and others go on
    AGAIN = "again"  # tried again, after a rest; a connection that fails so again and again rests, too
    SLOWER = "slower"  # tried again; the connection rests as long as it was told, and then sends less at a time
    HOLD = "hold"  # the configuration is wrong: nothing is sent until somebody has looked at it


class Stage(Enum):
    """How far a conversation of SMTP came."""

    GREETING = "greeting"  # also its TLS
    SIGN_IN = "sign-in"
    SENDER = "sender"
    RECIPIENT = "recipient"
    CONTENT = "content"


# Of HTTP. All else is by its hundred.
STATUSES: Final[dict[int, Verdict]] = {
    401: Verdict.HOLD,  # the credentials are not those that are asked for
    403: Verdict.HOLD,  # or may not do this
    404: Verdict.HOLD,  # the address is another one, unless a request may ask for what is not there
    410: Verdict.HOLD,  # it was there, and nobody takes anything any more: the same
    407: Verdict.HOLD,  # a proxy asks for credentials that nobody has entered
    421: Verdict.HOLD,  # the server is not that of this host
    408: Verdict.AGAIN,
    425: Verdict.AGAIN,
    429: Verdict.SLOWER,
}
HUNDREDS: Final[dict[int, Verdict]] = {
    1: Verdict.AGAIN,  # none that could be an answer
    2: Verdict.DELIVERED,
    3: Verdict.HOLD,  # it leads elsewhere: enter the address that it leads to
    4: Verdict.REFUSED,
    5: Verdict.AGAIN,
}

# Of SMTP, wherever they are said: that somebody must sign in, or must do so in another way.
SIGN_IN_CODES: Final = frozenset({530, 534, 535, 538})

# Of PostgreSQL, by the class of its codes; all else is about this statement.
SQL_AGAIN: Final = frozenset({"08", "40", "53", "55", "57", "58", "XX"})  # it is away, busy, or not well itself
SQL_HOLD: Final = frozenset({"28", "3D"})  # we are not let in, or there is no such database


def of_status(status: int, *, may_be_missing: bool = False) -> Verdict:
    """Judge an answer of HTTP; where what was asked for may be missing, 404 and 410 say no more than that."""
    if status in (404, 410) and may_be_missing:
        return Verdict.REFUSED
    return STATUSES.get(status) or HUNDREDS.get(status // 100, Verdict.AGAIN)


def of_reply(code: int, stage: Stage) -> Verdict:
    """Judge a reply of SMTP, by how far the conversation came.

    Before the recipient is named, a refusal for good is about us: the host that we greet from, or the address that all
    mail comes from. It would be said of each mail.
    """
    if code in SIGN_IN_CODES:
        return Verdict.HOLD
    if 500 <= code < 600:
        return Verdict.REFUSED if stage in (Stage.RECIPIENT, Stage.CONTENT) else Verdict.HOLD
    return Verdict.DELIVERED if 200 <= code < 300 and stage is Stage.CONTENT else Verdict.AGAIN


def of_sql(code: str | None, *, is_turned_away: bool = False) -> Verdict:
    """Judge an error of PostgreSQL by its code (SQLSTATE); without one, whether we were turned away at the door."""
    if code is None:
        return Verdict.HOLD if is_turned_away else Verdict.AGAIN
    if code[:2] in SQL_HOLD:
        return Verdict.HOLD
    return Verdict.AGAIN if code[:2] in SQL_AGAIN else Verdict.REFUSED


def next_try(n_tries: int, *, now: datetime, deadline: datetime, asked: timedelta | None = None) -> datetime:
    """Say when to try again after so many tries: by the pattern, or when it was asked for; at the deadline at last.

    What waits until its deadline expires then, and is not tried.
    """
    rest = RESTS[min(n_tries, len(RESTS)) - 1]
    if asked is None:
        rest *= 1 + JITTER * random.uniform(-1, 1)  # noqa: S311 - nobody must not guess it
    else:
        rest = asked
    return min(now + rest, deadline)


def rest_after(failures: int) -> timedelta | None:
    """Say how long a connection rests after so many failures in a row; None: not yet."""
    if failures < FAILURES:
        return None
    rest: timedelta = SHORTEST_REST * 2 ** min(failures - FAILURES, 10)
    return min(rest, LONGEST_REST)
