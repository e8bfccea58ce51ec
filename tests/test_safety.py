"""Nothing that a file holds is ever run: what ruff's rules in pyproject.toml cannot say."""

import csv
import re

import pytest

from experiments.clone import REPOSITORY, git
from stages.lib.runtime.table import is_formula

# An option that is computed could be anything.
UNSAFE = re.compile(
    r"\ballow_pickle=(?!False)|\bsafe_mode=(?!True)|(?<![.\w])(?:compile|__import__)\(|\.to_(?:csv|pickle)\("
)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("np.load(path, allow_pickle=True)", True),
        ("np.load(path, allow_pickle=chosen)", True),
        ("np.load(path, allow_pickle=False)", False),
        ("load_model(path, safe_mode=False)", True),
        ("compile(cell, '', 'eval')", True),
        ("re.compile(pattern), model.compile(optimiser)", False),
        ("__import__(cell)", True),
        ("table.to_csv(path)", True),
    ],
)
def test_what_could_run_what_it_reads_is_found(source, found):
    assert bool(UNSAFE.search(source)) == found


def test_no_module_can_run_what_it_reads():
    folders = ("stages", "tools", "experiments", "benchmarks", "data")
    paths = [path for folder in folders for path in (REPOSITORY / folder).rglob("*.py")]
    assert len(paths) > 100
    assert [path for path in paths if UNSAFE.search(path.read_text(encoding="utf-8"))] == []


def test_no_cell_of_a_committed_table_would_be_run_by_a_spreadsheet():
    tables = git(REPOSITORY, "ls-files", "labels/*.csv", "metrics/*.csv").splitlines()
    assert tables
    for name in tables:
        with (REPOSITORY / name).open(newline="", encoding="utf-8") as file:
            assert [cell for record in csv.reader(file) for cell in record if is_formula(cell)] == [], name
