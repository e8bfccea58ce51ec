"""Every stage reads exactly the files that dvc.yaml declares for it, whoever opens them: Python, a C library, a worker.

Each stage runs for real, alone, for the first time, on the inputs that a finished pipeline has left for it.
"""

import shlex
import shutil
import sys

import pytest
import yaml

from experiments.clone import REPOSITORY
from tests.support.declarations import Declaration, mismatches, read_declarations
from tests.support.edit import replace_in
from tests.support.file_audit import dependencies_read, files_read
from tests.support.lone_stage import before_its_first_run

STAGES = ["synthesize", *yaml.safe_load((REPOSITORY / "dvc.yaml").read_text())["stages"]]
# Of these folders every file matters. Of `features` a stage needs only the shards that hold its clips.
READ_WHOLE = [
    ("featurize", "data/synthetic/recordings"),
    ("score_pool", "models/baseline"),
    ("retrain", "models/baseline"),
    ("evaluate", "models/baseline"),
    ("evaluate", "models/retrained"),
]


@pytest.fixture(scope="module")
def declarations(finished) -> dict[str, Declaration]:
    return read_declarations(finished)


@pytest.fixture(scope="module")
def read(stages_read) -> dict[str, set[str]]:
    """The files that each stage reads."""
    return {stage: found.files for stage, found in stages_read.items()}


def file_mismatches(declaration: Declaration, read: set[str]) -> list[str]:
    used = dependencies_read(read, declaration.files, declaration.outputs)
    return mismatches(declaration.stage, declaration.files, used)


def test_no_stage_is_left_out(declarations):
    assert set(declarations) == set(STAGES)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_reads_the_files_that_it_declares_and_no_others(stage, declarations, read):
    assert file_mismatches(declarations[stage], read[stage]) == []


@pytest.mark.parametrize(("stage", "folder"), READ_WHOLE)
def test_a_stage_reads_every_file_of_a_folder_that_it_needs_whole(stage, folder, finished, declarations, read):
    assert folder in declarations[stage].files
    assert {str(path.relative_to(finished)) for path in (finished / folder).iterdir()} <= read[stage]


@pytest.mark.parametrize(
    ("stage", "name"),
    [
        ("synthesize", "data/synthetic/sea.py"),  # a module
        ("synthesize", "data/synthetic/params.yaml"),
        ("featurize", "data/synthetic/recordings"),  # a folder, of which libsndfile opens the files in worker processes
        ("merge_labels", "labels/expert.csv"),
        ("evaluate", "models/retrained"),
        ("evaluate", "features"),
    ],
)
def test_what_is_read_and_not_declared_is_named(stage, name, declarations, read):
    declaration = declarations[stage]
    without = declaration._replace(files=declaration.files - {name})
    faults = file_mismatches(without, read[stage])
    assert faults
    assert all(
        fault.startswith(f"{stage} reads {name}") and fault.endswith("which dvc.yaml does not declare for it")
        for fault in faults
    )


@pytest.mark.parametrize("name", ["README.md", "stages/lib/features", "data/synthetic/recordings", "stages"])
def test_what_is_declared_and_not_read_is_named(name, declarations, read):
    declaration = declarations["merge_labels"]
    too_much = declaration._replace(files=declaration.files | {name})
    assert file_mismatches(too_much, read["merge_labels"]) == [
        f"merge_labels does not read {name}, which dvc.yaml declares for it"
    ]


def test_a_file_that_a_stage_has_begun_to_read_is_named(finished, declarations):
    declaration = declarations["merge_labels"]
    with before_its_first_run(finished, declaration) as folder:
        source = folder / "stages" / "merge_labels.py"
        replace_in(source, "    pool = read_pool()", "    pool = read_pool(Path('labels/mine.csv'))")
        shutil.copy(folder / "labels" / "pool_scores.csv", folder / "labels" / "mine.csv")
        assert file_mismatches(declaration, files_read(declaration.command, folder)) == [
            "merge_labels reads labels/mine.csv, which dvc.yaml does not declare for it",
            "merge_labels does not read labels/pool_scores.csv, which dvc.yaml declares for it",
        ]


@pytest.fixture
def audited(tmp_path):
    """A function that audits a few lines of Python in a folder with a few files."""
    (tmp_path / "below").mkdir()
    for name in ("read.txt", "below/read.txt", "changed.txt", "written.txt", "looked_at.txt"):
        (tmp_path / name).write_text("text")

    def audit(*lines: str) -> set[str]:
        # Isolated, because Python lists the folder that it runs in otherwise.
        return files_read(shlex.join([sys.executable, "-I", "-c", "\n".join(lines)]), tmp_path)

    return audit


def test_files_are_seen_that_python_does_not_open_itself(audited):
    # The C library opens the file by itself, as libsndfile and HDF5 do.
    lines = ["import ctypes", "assert ctypes.CDLL(None).fopen(b'read.txt', b'r')"]
    assert audited(*lines) == {"read.txt"}


def test_files_are_seen_that_another_process_opens_in_another_folder(audited):
    lines = ["import subprocess", "subprocess.run(['cat', 'read.txt'], cwd='below', check=True)"]
    assert audited(*lines) == {"below/read.txt"}


def test_files_are_seen_that_are_opened_for_reading_and_writing(audited):
    assert audited("open('changed.txt', 'r+').close()") == {"changed.txt"}


def test_folders_are_seen_of_which_the_contents_are_listed(audited):
    assert audited("import os", "os.listdir('below')") == {"below/"}


def test_files_that_are_written_looked_at_or_missing_are_not_read(audited):
    lines = [
        "import os",
        "open('written.txt', 'w').close()",
        "open('new.txt', 'x').close()",
        "os.stat('looked_at.txt')",
        "os.path.exists('missing.txt')",
        "os.fsync(os.open('below', os.O_RDONLY))",
        "try: open('missing.txt')",
        "except FileNotFoundError: pass",
    ]
    assert audited(*lines) == set()


def test_a_command_that_fails_is_not_taken_for_one_that_reads_nothing(audited):
    with pytest.raises(RuntimeError, match="something went wrong"):
        audited("raise SystemExit('something went wrong')")


def test_a_folder_that_is_listed_must_be_declared_unless_modules_or_outputs_lie_in_it():
    declared = {"stages/split.py", "labels"}
    read = {"stages/", "stages/split.py", "metrics/", "data/synthetic/", "labels/"}
    used = dependencies_read(read, declared, outputs={"metrics/split.json"})
    assert mismatches("split", declared, used) == [
        "split reads data/synthetic/, which dvc.yaml does not declare for it",
        "split does not read labels, which dvc.yaml declares for it",
    ]
