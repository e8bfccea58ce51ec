"""What dvc.lock says of the last run of the pipeline."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from stages.lib.runtime.faults import InputFaults
from tools.lib.review.freshness import LOCK, digest


class Lock(NamedTuple):
    """The last run of all stages.

    Attributes
    ----------
    files : dict
        From the path of what stages read or wrote to its `md5`, `size` and, of a folder, `nfiles`.
    params : dict
        From the name of each param, such as `split.seed`, to the value that the stages ran with.
    """

    files: dict[str, dict[str, Any]]
    params: dict[str, Any]


def read_lock() -> Lock:
    """Read dvc.lock.

    Raises
    ------
    InputFaults
        Where it is missing or cannot be read.
    """
    try:
        stages = yaml.safe_load(LOCK.read_bytes())["stages"].values()
        files = {file["path"]: file for stage in stages for file in [*stage["deps"], *stage["outs"]]}
        params: dict[str, Any] = {}
        for stage in stages:
            params |= stage.get("params", {}).get("params.yaml", {})
    except (FileNotFoundError, yaml.YAMLError, KeyError, TypeError, AttributeError):
        raise InputFaults([f"{LOCK}: is missing or cannot be read; run dvc repro"]) from None
    return Lock(files, params)


def differences(lock: Lock, paths: Iterable[Path]) -> list[str]:
    """List the files that are not those of the last run, one sentence each."""
    faults = []
    for path in paths:
        if str(path) not in lock.files:
            faults.append(f"{path}: is not in {LOCK}; run dvc repro")
        elif not path.exists():
            faults.append(f"{path}: there is no such file; run dvc repro, or dvc pull")
        elif digest(path) != lock.files[str(path)]["md5"]:
            faults.append(f"{path}: is not the one that {LOCK} knows; run dvc repro, or dvc checkout")
    return faults
