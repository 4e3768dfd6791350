"""What every pipeline measures."""

import pytest

from apps.core.stages import timed, timings


def test_each_run_of_a_stage_is_counted_whether_it_ends_well_or_not() -> None:
    def a_stage_of_this_test() -> None:
        pass

    with timed(a_stage_of_this_test):
        pass
    with pytest.raises(ValueError, match="ours"), timed(a_stage_of_this_test):
        raise ValueError("ours")

    runs, secs = timings()["a_stage_of_this_test"]
    assert runs == 2
    assert secs >= 0
