import json
import subprocess
import sys

import pytest

from experiments.clone import REPOSITORY
from stages.lib.cache.sources import sources_of

# Imports a module, and prints the files of the repository that Python has run for it.
LOADED = """
import importlib, json, sys
importlib.import_module(sys.argv[1])
print(json.dumps([module.__file__ for module in sys.modules.values() if getattr(module, "__file__", None)]))
"""


@pytest.mark.parametrize("module", ["stages.split", "stages.featurize", "stages.lib.query.score_store"])
def test_a_module_is_made_of_what_python_loads_for_it(module):
    result = subprocess.run(
        [sys.executable, "-c", LOADED, module], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    loaded = {file for file in json.loads(result.stdout) if file.startswith(f"{REPOSITORY / 'stages'}/")}
    # What functions import is loaded when they run.
    assert loaded <= {str(path) for path in sources_of(REPOSITORY / f"{module.replace('.', '/')}.py")}


def test_an_import_within_a_function_counts(tmp_path):
    module = tmp_path / "module.py"
    module.write_text("def late():\n    from stages.lib.runtime.faults import refuse\n    return refuse\n")
    names = {file.name for file in sources_of(module)}
    assert names == {"module.py", "__init__.py", "determinism.py", "faults.py"}  # The package pins libraries first.
