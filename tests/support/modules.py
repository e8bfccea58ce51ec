"""Which modules a stage imports, and which files and folders of code dvc.yaml should declare for them."""

from collections.abc import Iterable
from pathlib import Path

from experiments.clone import REPOSITORY
from stages.lib.cache.sources import sources_of
from tests.support.declarations import mismatches
from tests.support.file_audit import holder


def imported_files(module: str) -> set[str]:
    """Return the project's files that run when a module is imported, directly or by way of others."""
    return {str(path.relative_to(REPOSITORY)) for path in sources_of(REPOSITORY / f"{module.replace('.', '/')}.py")}


def declared_code(deps: Iterable[str], folder: Path = REPOSITORY) -> set[str]:
    """Return the dependencies of a stage, relative to a folder, that are modules or folders of modules."""
    paths = [(folder / dep).resolve() for dep in deps if "${" not in dep]
    code = [path for path in paths if path.suffix == ".py" or next(path.glob("*.py"), None)]
    return {str(path.relative_to(REPOSITORY)) for path in code}


def code_mismatches(module: str, declared: set[str]) -> list[str]:
    """Name the modules that are imported and not declared, and the declared folders of which none is imported."""
    return mismatches(module, declared, {holder(path, declared) or path for path in imported_files(module)})
