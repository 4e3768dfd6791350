"""Secrets that can be guessed, and files of secrets that others can read."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from apps.console.doctor.checkup import Patient, Report, check
from cdp import embedded
from cdp.checks import KEY_CHARACTERS, SECRETS
from cdp.processes import BASE_DIR

MAKE: Final = 'python3 -c "import secrets; print(secrets.token_urlsafe(50))"'
LETTERS: Final = 10  # different ones, of which a key that was drawn has three times as many
KNOWN: Final = ("insecure", "changeme", "change-me", "secret", "example", "password", "test")
REMEDIES: Final = {
    "IDENTITY_KEY": "Make one at random before there are people: with another one nobody is recognised.",
    "ENCRYPTION_KEYS": "Put one that is drawn at random before it, and run manage.py rotate_secrets.",
}


@check("secrets", "Secrets")
def secrets(_patient: Patient) -> Report:
    """Look at the keys and at who may read them."""
    report = Report("keys that nobody guesses, in files that nobody else reads")
    for name, keys in SECRETS.items():
        problem = next(filter(None, map(_problem_of, keys())), "")
        if problem:
            report.told = "weak"
            remedy = REMEDIES.get(name, "Make one that is drawn at random. Another SECRET_KEY signs everybody out.")
            report.broken("weak_secret", f"{name} can be guessed: {problem}.", remedy, MAKE)
    for path in _files():
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            report.told = "open to others"
            message = f"{path} holds a secret, and others than its owner may read it ({mode:04o})."
            report.broken("secret_readable", message, "Close it to them.", f"chmod 600 {path}")
    return report


def _problem_of(key: str) -> str:
    """Say why a key is none; empty where it is one."""
    if len(key) < KEY_CHARACTERS:
        return f"it has fewer than {KEY_CHARACTERS} characters"
    if len(set(key)) < LETTERS:
        return "it repeats a few characters"
    known = next((word for word in KNOWN if word in key.lower()), None)
    return f"it has the word {known} in it" if known else ""


def _files() -> Iterator[Path]:
    """Yield the files of secrets that are there; those of a container's secrets belong to its operator."""
    for path in (embedded.var_dir() / "secret_key", BASE_DIR / "docker" / ".env"):
        if path.is_file():
            yield path
    for name in SECRETS:
        path = Path(os.environ.get(f"{name}_FILE") or "/nowhere")
        if path.is_file() and path.parent != Path("/run/secrets"):
            yield path
