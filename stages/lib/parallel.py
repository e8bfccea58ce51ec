"""Work on all cores: joblib is the one place where it is handed out."""

from collections.abc import Callable, Collection, Iterator

import joblib
from tqdm import tqdm


def in_parallel(function: Callable, arguments: Collection[tuple], title: str, unit: str = "recording") -> Iterator:
    """Call a function on all cores, with a progress bar on a terminal.

    Parameters
    ----------
    function : callable
        What it needs and returns travels to other processes; it must not depend on what these hold.
    arguments : collection of tuple
        The arguments of each call.
    title, unit : str
        What is done, and what a call does it to.

    Yields
    ------
    object
        The results in order, each as soon as it is there.
    """
    calls = (joblib.delayed(function)(*each) for each in arguments)
    results = joblib.Parallel(n_jobs=-1, return_as="generator")(calls)
    yield from tqdm(results, desc=title, unit=unit, total=len(arguments), disable=None)
