"""What commands are given as arguments."""

from argparse import ArgumentTypeError


def at_least_one(text: str) -> int:
    """Read how many there may be at most. Raises ArgumentTypeError, which names the argument."""
    if text.isascii() and text.isdecimal() and int(text) > 0:
        return int(text)
    raise ArgumentTypeError(f"{text} is to be a whole number, 1 or more")
