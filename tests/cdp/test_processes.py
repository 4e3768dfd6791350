"""What processes ask of the kernel."""

import subprocess
import sys

import pytest

ASKED = "import os; from cdp.processes import work_in_turns; work_in_turns(); print(os.sched_getscheduler(0))"
IN_A_THREAD = ASKED.replace("print(", "from threading import Thread; t = Thread(target=lambda: print(") + "); t.start()"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has it")
@pytest.mark.parametrize("program", [ASKED, IN_A_THREAD])
def test_threads_of_a_web_server_do_not_interrupt_each_other(program: str) -> None:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.strip() == "3"  # SCHED_BATCH
