"""Codes that nobody guesses."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Final
from uuid import UUID

from django.conf import settings as django_settings

from apps.core.typed_settings import Problem, choice, number
from apps.flows.engine.moves import Go, Move
from apps.flows.engine.step import Step
from apps.flows.node import Node, Place, register
from apps.flows.nodes.results import into, placed

UUID_, DIGITS, LETTERS, PASSWORD = "uuid", "digits", "letters", "password"
_KINDS: Final = {
    UUID_: "A UUID",
    DIGITS: "Digits",
    LETTERS: "Capitals and digits, without those that look alike",
    PASSWORD: "A password",
}
_ALIKE: Final = frozenset("0O1IL")
_READABLE: Final = "".join(letter for letter in ascii_uppercase + digits if letter not in _ALIKE)
_SIGNS: Final = "!#$%&*+-=?@_"
_LENGTHS: Final = (8, 64)  # of a password
_N_BYTES: Final = 128  # of chance: no code takes more


@register
class MakeCode(Node):
    """A code is made by chance and put into the payload: for a voucher, an order, a first password.

    Nobody can guess one from others, or from what pages and logs tell of a run. It may come up twice where it is short:
    ten letters and digits or more do not. Whoever may look at runs may read it there.
    """

    key, group, title, icon, order = "make-code", "data", "Make a code", "pin", 60
    example = {"kind": LETTERS, "length": 10, "into": "voucher"}

    @dataclass(frozen=True, kw_only=True)
    class Settings:
        """What it is made of."""

        kind: str = choice("What it is", _KINDS, default=LETTERS)
        length: int = number("Length", least=4, most=64, default=10, when=("kind", DIGITS, LETTERS))
        n_capitals: int = number("Capitals", least=0, most=64, default=4, when=("kind", PASSWORD))
        n_small: int = number("Small letters", least=0, most=64, default=6, when=("kind", PASSWORD))
        n_digits: int = number("Digits", least=0, most=64, default=3, when=("kind", PASSWORD))
        n_signs: int = number("Signs", least=0, most=64, default=1, when=("kind", PASSWORD), help=f"Of {_SIGNS}")
        into: str = into("code")

        def problems(self) -> Iterator[Problem]:
            """Refuse passwords that are too short, or too long."""
            length = self.n_capitals + self.n_small + self.n_digits + self.n_signs
            if self.kind == PASSWORD and not _LENGTHS[0] <= length <= _LENGTHS[1]:
                yield Problem("n_small", f"A password has {_LENGTHS[0]} to {_LENGTHS[1]} characters, not {length}.")

    def __init__(self, settings: Settings, place: Place) -> None:
        self._settings = settings

    def run(self, step: Step) -> Move:
        """Make it."""
        return Go(payload=placed(step.payload, self._settings.into, self._code(_Chance(step.seed))))

    def _code(self, chance: "_Chance") -> str:
        said = self._settings
        match said.kind:
            case "uuid":
                return str(UUID(int=chance.below(2**128), version=4))
            case "digits":
                return chance.letters(digits, said.length)
            case "letters":
                return chance.letters(_READABLE, said.length)
        counts = [
            (ascii_uppercase, said.n_capitals),
            (ascii_lowercase, said.n_small),
            (digits, said.n_digits),
            (_SIGNS, said.n_signs),
        ]
        return chance.shuffled("".join(chance.letters(alphabet, n) for alphabet, n in counts))


class _Chance:
    """Numbers that come out the same for a seed, and that nobody knows who does not know the installation's key."""

    def __init__(self, seed: str) -> None:
        keyed = f"{django_settings.IDENTITY_KEY}\0code\0{seed}"
        self._left = int.from_bytes(hashlib.shake_256(keyed.encode()).digest(_N_BYTES))

    def below(self, n: int) -> int:
        """Draw a whole number from 0 on."""
        self._left, drawn = divmod(self._left, n)
        return drawn

    def letters(self, alphabet: Sequence[str], n: int) -> str:
        """Draw letters."""
        return "".join(alphabet[self.below(len(alphabet))] for _ in range(n))

    def shuffled(self, text: str) -> str:
        """Put letters into an order that chance gives."""
        left = list(text)
        return "".join(left.pop(self.below(len(left))) for _ in text)
