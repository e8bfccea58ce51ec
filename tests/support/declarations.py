"""What each stage declares in dvc.yaml, as DVC understands it, and how that is compared with what the stage uses."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple


class Declaration(NamedTuple):
    """One stage; all paths are relative to the repository.

    Attributes
    ----------
    stage : str
    command : str
        Run in the repository.
    files : set of str
        The files and folders among its dependencies, the files of params included.
    params : set of str
        Keys such as `split.seed`; a section that is declared whole stands for its keys.
    outputs : set of str
    """

    stage: str
    command: str
    files: set[str]
    params: set[str]
    outputs: set[str]


def read_declarations(repository: Path) -> dict[str, Declaration]:
    """Return what the stages of all dvc.yaml of a repository declare, by the name of the stage."""
    import yaml
    from dvc.dependency.param import ParamsDependency
    from dvc.repo import Repo

    def params_of(dep: ParamsDependency) -> set[str]:
        values = yaml.safe_load(Path(dep.fs_path).read_text())
        return {key for key in keys_of(values) if any(f"{key}.".startswith(f"{declared}.") for declared in dep.params)}

    def relative(items: Iterable) -> set[str]:
        return {str(Path(item.fs_path).relative_to(repository.resolve())) for item in items}

    with Repo(repository) as repo:
        return {
            stage.name: Declaration(
                stage.name,
                stage.cmd,
                relative(stage.deps),
                set().union(*(params_of(dep) for dep in stage.deps if isinstance(dep, ParamsDependency))),
                relative(stage.outs),
            )
            for stage in repo.index.stages
        }


def keys_of(values: dict) -> set[str]:
    """Return the keys of values that are no sections, such as `split.seed`."""
    keys = set()
    for name, value in values.items():
        keys |= {f"{name}.{key}" for key in keys_of(value)} if isinstance(value, dict) else {name}
    return keys


def mismatches(stage: str, declared: set[str], used: set[str]) -> list[str]:
    """Name what a stage reads and does not declare, and what it declares and does not read."""
    return [f"{stage} reads {name}, which dvc.yaml does not declare for it" for name in sorted(used - declared)] + [
        f"{stage} does not read {name}, which dvc.yaml declares for it" for name in sorted(declared - used)
    ]
