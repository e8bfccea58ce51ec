import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.clone import REPOSITORY
from stages.lib.runtime.alone import alone_in
from stages.lib.runtime.faults import refuse
from stages.lib.runtime.inputs import remembered
from stages.lib.runtime.running import run, run_stage


def test_run_prints_a_line_a_fault_and_exits_with_status_1(capsys):
    with pytest.raises(SystemExit) as end:
        run(lambda: refuse(["labels/expert.csv:2: first", "labels/expert.csv:3: second"]))
    assert end.value.code == 1
    assert capsys.readouterr() == ("", "labels/expert.csv:2: first\nlabels/expert.csv:3: second\n")


def test_run_without_faults_ends_well(capsys):
    run(lambda: print("done"))
    assert capsys.readouterr() == ("done\n", "")


def test_run_does_not_hide_a_fault_of_the_program():
    with pytest.raises(ZeroDivisionError):
        run(lambda: print(1 / 0))


def fail_with(error: Exception) -> None:
    raise error


def test_ctrl_c_ends_without_a_traceback_and_by_its_signal():
    """So that a loop in a shell ends as well."""
    # A shell lets programs in the background ignore this signal.
    heed = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    interrupted = f"{heed}; from stages.lib.runtime.running import run; run(lambda: signal.raise_signal(signal.SIGINT))"
    result = subprocess.run([sys.executable, "-c", interrupted], capture_output=True, cwd=REPOSITORY, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (-signal.SIGINT, b"", b"")


@pytest.mark.parametrize(
    ("number", "said"),
    [(errno.ENOSPC, "No space left on device; make room"), (errno.EACCES, "Permission denied; let this user")],
)
def test_what_the_operating_system_refuses_is_told_in_one_line(capsys, number, said):
    with pytest.raises(SystemExit) as end:
        run(lambda: fail_with(OSError(number, os.strerror(number), "features/sea.npy")))
    assert end.value.code == 1
    assert capsys.readouterr().err.startswith(f"features/sea.npy: {said}")


def test_a_full_disk_is_told_in_one_line(capsys):
    with pytest.raises(SystemExit):
        run(lambda: Path("/dev/full").write_text("x" * 10))
    expected = "a file: No space left on device; make room on the disk, then run it again\n"
    assert capsys.readouterr().err == expected


def test_a_reader_that_has_seen_enough_is_no_fault():
    program = (
        "from stages.lib.runtime.running import run; run(lambda: [print('x' * 99, flush=True) for _ in range(9999)])"
    )
    command = ["bash", "-c", f'set -o pipefail; "{sys.executable}" -c "{program}" | head -n 1']
    result = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert (result.stdout, result.stderr) == ("x" * 99 + "\n", "")


def test_an_input_that_changes_while_the_stage_runs_is_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    table = tmp_path / "clips.csv"
    table.write_text("old")

    def main() -> None:
        remembered(table).read_text()
        table.write_text("newer")

    with pytest.raises(SystemExit) as end:
        run_stage(main)
    assert end.value.code == 1
    assert capsys.readouterr().err.startswith(f"{table}: was changed while the stage ran")


def test_an_error_that_has_no_number_is_not_hidden():
    with pytest.raises(OSError, match="broken"):
        run(lambda: fail_with(OSError("broken")))


@pytest.mark.parametrize("variables", [{"PYTHONIOENCODING": "ascii"}, {"PYTHONIOENCODING": "latin-1"}, {"LC_ALL": "C"}])
def test_what_a_terminal_cannot_show_is_written_as_a_number(variables):
    text = "'Ørsted 録音', os.fsdecode(b'caf\\xe9')"
    command = [
        sys.executable,
        "-c",
        f"import os; from stages.lib.runtime.running import run; run(lambda: print({text}))",
    ]
    environment = {**os.environ, **variables}
    result = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, check=False)
    assert (result.returncode, result.stderr) == (0, b"")
    assert result.stdout.endswith(b"caf\\udce9\n")


STAGE = """
import sys
from stages.lib.runtime.running import run_stage
def main():
    print("running", flush=True)
    sys.stdin.read()
run_stage(main)
"""


@pytest.fixture
def running_in(tmp_path):
    """Return a function that starts a stage in a folder, from this checkout; what it has started ends with the test."""
    started = []

    def start(folder: Path) -> subprocess.Popen:
        folder.mkdir(exist_ok=True)
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        started.append(subprocess.Popen([sys.executable, "-c", STAGE], cwd=folder, env=environment, **pipes))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_second_stage_in_a_folder_is_refused_until_the_first_has_ended(tmp_path, running_in):
    folder = tmp_path / "here"
    first = running_in(folder)
    assert first.stdout.readline() == "running\n"
    second = running_in(folder)
    assert second.wait() == 1
    assert second.stdout.read() == ""
    assert second.stderr.read() == (
        f"{folder}: a stage is still running here from a dvc repro that was killed; wait, then run it again\n"
    )
    first.kill()
    first.wait()
    assert running_in(folder).stdout.readline() == "running\n"


def test_stages_of_one_checkout_run_in_two_folders_at_once(tmp_path, running_in):
    for name in ("here", "there"):
        assert running_in(tmp_path / name).stdout.readline() == "running\n"


def test_a_lock_hides_no_fault_of_what_runs_under_it(tmp_path):
    with pytest.raises(ZeroDivisionError), alone_in(tmp_path, "wait"):
        print(1 / 0)
