"""Work on all cores, or on a cluster: the one place where it is handed out."""

import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

import joblib
from tqdm import tqdm

from stages.lib.cluster.cluster import NO_FILES, Cluster

# joblib replaces a process that holds much more memory than after its first task, as with a pretrained model in it. No
# task is lost, and nobody has to do anything.
warnings.filterwarnings("ignore", "A worker stopped while some jobs were given to the executor")


def in_parallel(
    function: Callable,
    arguments: Collection[tuple],
    title: str,
    unit: str = "recording",
    *,
    cluster: Cluster | None = None,
    files: Mapping[Path, str] = NO_FILES,
) -> Iterator:
    """Run a function on all cores, with a progress bar on a terminal.

    Parameters
    ----------
    function : callable
        What it needs and returns travels to other processes; it must not depend on what these hold.
    arguments : collection of tuple
        The arguments of each task.
    title, unit : str
        What is done, and what a task does it to.
    cluster : Cluster or None
        Where the tasks run instead of on this machine.
    files : mapping
        The files among the arguments, for a cluster: from path to digest (`Cluster.results`).

    Yields
    ------
    object
        The results in order, each as soon as it is there.
    """
    if cluster:
        results = cluster.results(function, arguments, files)
    else:
        results = joblib.Parallel(n_jobs=-1, return_as="generator")(
            joblib.delayed(function)(*each) for each in arguments
        )
    yield from tqdm(results, desc=title, unit=unit, total=len(arguments), disable=None)
