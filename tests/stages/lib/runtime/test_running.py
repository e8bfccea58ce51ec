import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.clone import REPOSITORY
from stages.lib.runtime.faults import InputFaults, refuse
from stages.lib.runtime.inputs import remembered
from stages.lib.runtime.running import run, run_stage, single_instance


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


def test_an_input_that_changes_while_the_stage_runs_is_refused(tmp_path, capsys):
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


HOLD = """
import sys, pathlib
from stages.lib.runtime.running import single_instance
with single_instance(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_stage_that_runs_already_is_refused_until_it_ends(tmp_path):
    source = tmp_path / "featurize.py"
    source.touch()
    command = [sys.executable, "-c", HOLD, str(source)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(InputFaults, match="is still running"), single_instance(source):
            pass
        other.kill()
    with single_instance(source):
        pass
