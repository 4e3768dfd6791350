"""How many examples a law is tried with: few in each run of all tests, many by night (HYPOTHESIS_PROFILE=nightly)."""

import os

IS_NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
EXAMPLES = 1_000 if IS_NIGHTLY else 40  # of laws that name no number of their own


def examples(usually: int, *, nightly: int) -> int:
    """Choose the number for this run."""
    return nightly if IS_NIGHTLY else usually
