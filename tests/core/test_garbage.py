"""Garbage is collected less often, not never."""

import gc

from apps.core.garbage import collect_less_often


def test_what_is_loaded_is_left_out_and_the_rest_is_still_collected() -> None:
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)  # an earlier test may have called it in this process
    gc.unfreeze()
    try:
        collect_less_often()

        assert gc.get_freeze_count() > 0
        assert gc.isenabled()
        assert gc.get_threshold()[0] > 700
    finally:
        gc.set_threshold(*before)
