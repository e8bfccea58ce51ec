"""Work in parallel, on all cores or on a cluster. All parallel work goes through here."""

import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

import joblib
from tqdm import tqdm

from stages.lib.cluster.cluster import NO_FILES, Cluster

# joblib replaces a process whose memory has grown much since its first task, as it does with a pretrained model. No
# task is lost, so users need no warning.
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
        It runs in other processes, so its arguments and result are pickled and it must not depend on global state.
    arguments : collection of tuple
        The arguments of each task.
    title, unit : str
        Labels of the progress bar: what is done, and to what.
    cluster : Cluster or None
        Runs the tasks instead of this machine.
    files : mapping
        From recording to digest, as for `Cluster.results`.

    Yields
    ------
    object
        The results in order, each as soon as it is ready.
    """
    if cluster:
        results = cluster.results(function, arguments, files)
    else:
        results = joblib.Parallel(n_jobs=-1, return_as="generator")(
            joblib.delayed(function)(*each) for each in arguments
        )
    yield from tqdm(results, desc=title, unit=unit, total=len(arguments), disable=None)
