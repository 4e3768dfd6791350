"""How people go through flows, without I/O: `advance` is its one verb, state.py and outcome.py what it deals in."""

from apps.flows.engine.advancing import advance

__all__ = ["advance"]
