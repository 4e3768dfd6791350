"""Valkey does not answer."""

from collections.abc import Iterator

from apps.alerts.symptoms import Facts, Kind, Symptom, Values, register


def look(_values: Values, facts: Facts) -> Iterator[Symptom]:
    """Ask it."""
    if not facts.health.has_valkey:
        yield Symptom("", "Valkey does not answer: no job of the background runs. Events are collected all the same.")


register(
    "valkey_away",
    Kind(
        title="Valkey does not answer",
        about="Jobs of the background wait: segments grow old, and nothing that runs by the clock does.",
        icon="cloud_off",
        order=90,
        params=(),
        look=look,
    ),
)
