"""How branches come together: what came to a join, who can still come, and who goes on.

Those belong together that have passed the join equally often (a circle may lead back to it): they are of one round.
"""

from apps.flows.engine.graph import Compiled
from apps.flows.engine.state import JOIN, Gathering, State, Token


def round_of(token: Token, join: str) -> int:
    """Return which round of a join a token belongs to."""
    return token.passed.get(join, 0)


def gathering(state: State, join: str, round_: int, key: str) -> Gathering | None:
    """Find what has come in a round, with a key."""
    return next((each for each in state.joins.get(join, ()) if each.round == round_ and each.key == key), None)


def has_gone_on(state: State, join: str, round_: int, key: str) -> bool:
    """Tell whether a round has gone on, so that who comes later ends there."""
    found = gathering(state, join, round_, key)
    return found is not None and found.token is None


def gather(state: State, token: Token, key: str) -> Gathering:
    """Add a token to those that have come; the first stands for all, and the others end."""
    round_ = round_of(token, token.node)
    found = gathering(state, token.node, round_, key)
    if found is None:
        found = Gathering(round_, key, token.id)
        state.joins.setdefault(token.node, []).append(found)
    found.came[token.by] = token.payload
    found.n += 1
    if found.token != token.id and found.token is not None:
        first = state.token(found.token)
        assert first is not None
        first.passed = {join: max(round_of(first, join), round_of(token, join)) for join in first.passed | token.passed}
        first.meet(token.met)
        state.tokens.remove(token)
    return found


def standing(state: State, token: Token) -> Gathering:
    """Return what a token stands for at its join."""
    return next(each for each in state.joins[token.node] if each.token == token.id)


def let_go(token: Token, came: Gathering) -> None:
    """Let a token go on for all that came; whoever comes later, in that round, ends there."""
    token.payload, token.wait = came.came, None
    token.passed = {**token.passed, token.node: came.round + 1}
    came.came, came.token = {}, None


def can_come(compiled: Compiled, token: Token, join: str, round_: int) -> bool:
    """Tell whether a token that is elsewhere may still come to a join in a round."""
    if token.node == join and _is_held(token):
        return False  # of another key, or round
    spot = compiled.spots.get(token.node)
    comes = token.node == join or (spot is not None and join in spot.reaches)
    return comes and round_of(token, join) <= round_


def rivals(compiled: Compiled, state: State, token: Token) -> list[Token]:
    """Return the tokens that may still come to where this one has come."""
    round_ = round_of(token, token.node)
    return [each for each in state.tokens if each is not token and can_come(compiled, each, token.node, round_)]


def complete(state: State, compiled: Compiled) -> Token | None:
    """Return who stands at a join to which nobody can come any more; nothing is on its way.

    Joins in a circle may all wait for each other: where nobody else can come to any of these, the first goes on.
    """
    waiting = _waiting(state, compiled)
    stuck = [token for token in state.tokens if _is_held(token) and token.id not in waiting]
    free = (token for token in stuck if not _is_awaited(compiled, state, token, stuck))
    return next(free, stuck[0] if stuck else None)


def _waiting(state: State, compiled: Compiled) -> set[int]:
    """Name those held to whom somebody can come who is not held, or who is only until somebody such has come."""
    held = [token for token in state.tokens if _is_held(token)]
    comers = [token for token in state.tokens if not _is_held(token)]
    found = set[int]()
    while held:
        new = [token for token in held if _is_awaited(compiled, state, token, comers)]
        if not new:
            break
        found.update(token.id for token in new)
        held = [token for token in held if token.id not in found]
        comers = new
    return found


def _is_held(token: Token) -> bool:
    return token.wait is not None and token.wait.reason == JOIN


def _is_awaited(compiled: Compiled, state: State, token: Token, others: list[Token]) -> bool:
    """Tell whether one of the others may still come to where a token is held."""
    round_ = standing(state, token).round
    return any(can_come(compiled, other, token.node, round_) for other in others if other is not token)


def drop(state: State, gone: set[int]) -> None:
    """Forget what was held for tokens that are gone."""
    for join, rounds in state.joins.items():
        state.joins[join] = [each for each in rounds if each.token not in gone]


def tidy(state: State, compiled: Compiled) -> None:
    """Drop the rounds that have gone on, and to which nobody can come any more."""
    for join, rounds in list(state.joins.items()):
        left = [
            each
            for each in rounds
            if each.token is not None or any(can_come(compiled, token, join, each.round) for token in state.tokens)
        ]
        if left:
            state.joins[join] = left
        else:
            del state.joins[join]
