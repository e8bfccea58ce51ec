import os
import subprocess
import sys
import time

import pytest

from experiments.clone import REPOSITORY
from stages.lib.cluster.parallel import in_parallel


def late_first(number: int) -> int:
    time.sleep(0.2 if number == 0 else 0)
    return number


@pytest.mark.parametrize("count", [0, 1, 20])
def test_results_come_in_order(count):
    assert list(in_parallel(late_first, [(number,) for number in range(count)], "test")) == list(range(count))


@pytest.mark.filterwarnings("ignore:.*tasks have been successfully executed")
def test_the_first_result_is_there_before_the_last_task(tmp_path):
    def note(number: int) -> int:
        (tmp_path / str(number)).touch()
        return number

    results = in_parallel(note, [(number,) for number in range(10_000)], "test")
    assert next(results) == 0
    assert not (tmp_path / "9999").exists()
    results.close()


def test_the_tasks_run_in_several_processes_where_there_are_several_cores():
    processes = set(in_parallel(process_id, [(0.05,)] * 20, "test"))
    assert os.getpid() not in processes or len(os.sched_getaffinity(0)) == 1
    assert len(processes) <= len(os.sched_getaffinity(0))


def process_id(wait_s: float) -> int:
    time.sleep(wait_s)
    return os.getpid()


def test_nothing_is_said_where_nobody_looks_at_a_terminal():
    code = "from stages.lib.cluster.parallel import in_parallel; print(*in_parallel(abs, [(-1,), (-2,)], 'test'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("1 2\n", "")


HOARDING = """
import numpy
from stages.lib.cluster.parallel import in_parallel

def hoard(number):
    import builtins, time
    if number:
        builtins.kept = [*getattr(builtins, "kept", []), numpy.ones(50_000_000)]
    time.sleep(0.6)
    return number

if __name__ == "__main__":
    print(*in_parallel(hoard, [(number,) for number in range(10)], "hoard"))
"""


@pytest.mark.prove
def test_a_process_that_holds_much_is_replaced_without_a_word(tmp_path):
    (tmp_path / "hoarding.py").write_text(HOARDING)
    result = subprocess.run(
        [sys.executable, tmp_path / "hoarding.py"],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.stdout, result.stderr) == ("0 1 2 3 4 5 6 7 8 9\n", "")
