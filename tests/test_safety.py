"""Nothing that a file holds is ever run: not by us, not by the spreadsheet in which somebody opens a table of ours."""

import ast
import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from experiments.clone import REPOSITORY, git
from stages.lib.runtime.table import is_formula

# What they read can be made to run code.
UNSAFE_MODULES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "marshal", "shelve", "imp"}
UNSAFE_FUNCTIONS = {"eval", "exec", "compile", "__import__"}
UNSAFE_ATTRIBUTES = {
    "joblib": {"dump", "load"},
    "os": {"system", "popen", "execv", "execvp", "spawnl"},
    "pandas": {"read_pickle", "to_pickle"},
    "subprocess": {"getoutput", "getstatusoutput"},
    "yaml": {name + all_ for name in ("load", "unsafe_load", "full_load") for all_ in ("", "_all")}
    | {"Loader", "FullLoader", "UnsafeLoader", "CLoader", "CFullLoader", "CUnsafeLoader"},
}
UNSAFE_OPTIONS = {("shell", True), ("allow_pickle", True), ("safe_mode", False)}
NUMPY = {"np", "numpy"}
ALIASES = {"np": "numpy", "pd": "pandas", "sp": "subprocess"}


def tracked(*patterns: str) -> list[Path]:
    """Return the files of the repository, those that are not committed yet included."""
    names = git(REPOSITORY, "ls-files", "--cached", "--others", "--exclude-standard", *patterns).splitlines()
    return [REPOSITORY / name for name in sorted(set(names)) if (REPOSITORY / name).is_file()]


def dangers(source: str, arrays: bool = True) -> Iterator[str]:
    """Yield line and name of everything in a module that could run what it reads.

    Parameters
    ----------
    source : str
    arrays : bool
        Whether NumPy's files must be read and written without pickle in so many words.
    """
    for node in ast.walk(ast.parse(source)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names if alias.name.split(".")[0] in UNSAFE_MODULES]
        elif isinstance(node, ast.ImportFrom) and node.module:
            of_module = UNSAFE_ATTRIBUTES.get(node.module.split(".")[0], set())
            whole = node.module.split(".")[0] in UNSAFE_MODULES
            names = [f"{node.module}.{alias.name}" for alias in node.names if whole or alias.name in of_module]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            of_module = UNSAFE_ATTRIBUTES.get(ALIASES.get(node.value.id, node.value.id), set())
            names = [f"{node.value.id}.{node.attr}"] if node.attr in of_module else []
        elif isinstance(node, ast.Call):
            names = list(dangers_of_call(node, arrays))
        yield from (f"{node.lineno}: {name}" for name in names)


def dangers_of_call(node: ast.Call, arrays: bool) -> Iterator[str]:
    """Yield what is dangerous about one call."""
    options = {keyword.arg: keyword.value.value for keyword in node.keywords if isinstance(keyword.value, ast.Constant)}
    function = node.func
    if isinstance(function, ast.Name) and function.id in UNSAFE_FUNCTIONS:
        yield function.id
    yield from (f"{name}={value}" for name, value in options.items() if (name, value) in UNSAFE_OPTIONS)
    # An option that is computed could be anything.
    computed = {keyword.arg for keyword in node.keywords if not isinstance(keyword.value, ast.Constant)}
    yield from (f"{name}=..." for name, _ in UNSAFE_OPTIONS if name in computed)
    of_numpy = (
        isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.value.id in NUMPY
    )
    if arrays and of_numpy and function.attr in ("load", "save") and options.get("allow_pickle") is not False:
        yield f"np.{function.attr} without allow_pickle=False"


@pytest.mark.parametrize("path", tracked("*.py"), ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_no_module_can_run_what_it_reads(path):
    of_pipeline = path.relative_to(REPOSITORY).parts[0] in ("stages", "tools")
    found = [danger.partition(": ")[2] for danger in dangers(path.read_text(encoding="utf-8"), arrays=of_pipeline)]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "import numpy, pickle as harmless",
        "from pickle import loads",
        "import dill.source",
        "from joblib import load",
        "import joblib\njoblib.dump(1, 'x')",
        "import numpy as np\nnp.load('x', allow_pickle=True)",
        "import numpy as np\nnp.load('x', allow_pickle=chosen)",
        "import numpy as np\nnp.load('x')",
        "import numpy as np\nnp.save('x', array)",
        "eval(cell)",
        "exec(cell)",
        "compile(cell, '', 'eval')",
        "__import__(cell)",
        "import yaml\nyaml.load(text, Loader=yaml.SafeLoader)",
        "import yaml\nyaml.unsafe_load(text)",
        "import yaml\nyaml.compose(text, Loader=yaml.UnsafeLoader)",
        "from yaml import full_load_all",
        "import subprocess\nsubprocess.run(command, shell=True)",
        "import subprocess\nsubprocess.run(command, shell=chosen)",
        "import os\nos.system(command)",
        "from os import popen",
        "import keras\nkeras.models.load_model('x', safe_mode=False)",
        "import pandas as pd\npd.read_pickle('x')",
    ],
)
def test_what_could_run_what_it_reads_is_found(source):
    assert list(dangers(source)) != []


@pytest.mark.parametrize(
    "source",
    [
        "import numpy as np\nnp.load('x', allow_pickle=False)",
        "import re\nre.compile('x')",
        "model.compile(optimiser)",
        "import yaml\nyaml.safe_load(text)\nyaml.compose(text, Loader=yaml.SafeLoader)",
        "import subprocess\nsubprocess.run(['ls'], check=True)",
        "import joblib\njoblib.Parallel(n_jobs=-1)",
    ],
)
def test_what_is_safe_is_not_found(source):
    assert list(dangers(source)) == []


def test_tables_are_written_in_the_one_place_that_guards_against_formulas():
    written_by = {
        str(path.relative_to(REPOSITORY))
        for folder in ("stages", "tools", "data")
        for path in (REPOSITORY / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in ("writer", "DictWriter", "to_csv", "savetxt")
    }
    assert written_by == {"stages/lib/runtime/table.py"}


def test_no_cell_of_a_committed_table_would_be_run_by_a_spreadsheet():
    tables = tracked("labels/*.csv", "metrics/*.csv")
    assert tables
    for path in tables:
        with path.open(newline="", encoding="utf-8") as file:
            assert [cell for record in csv.reader(file) for cell in record if is_formula(cell)] == [], path
