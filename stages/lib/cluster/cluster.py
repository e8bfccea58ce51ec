"""A Dask cluster whose workers run from checkouts like this one, so that tasks give the same bytes there as here."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from stages.lib.cluster.task import SharedRecording, hold, run_task
from stages.lib.cluster.worker import AGAIN, setup_faults, versions
from stages.lib.runtime.faults import InputFaults, refuse

if TYPE_CHECKING:
    from distributed import Client, Future

# So that no worker waits for its next task. A result stays on its worker until its turn has come. joblib's own backend
# for Dask draws no such line: behind a slow disk, results pile up in this process.
TASKS_A_THREAD = 4
NO_FILES = MappingProxyType({})


class Cluster(NamedTuple):
    """Workers that run from checkouts like this one.

    Attributes
    ----------
    client : distributed.Client
    sources : mapping
        From folder, relative to the working folder, to where workers find its files: a URL, or a folder of theirs.
        Workers find other files under the absolute paths that these have here.
    """

    client: "Client"
    sources: Mapping[Path, str]

    def results(
        self,
        function: Callable,
        arguments: Iterable[tuple],
        files: Mapping[Path, str] = NO_FILES,
        common: tuple = (),
    ) -> Iterator[object]:
        """Call a function on the workers.

        Parameters
        ----------
        function : callable
        arguments : iterable of tuple
            The arguments of each task. They are drawn as the results are.
        files : mapping
            From recordings to digests. A task finds the recording among its arguments there, with this content.
        common : tuple
            The first arguments of every task; they are sent once.

        Yields
        ------
        object
            The results in order.

        Raises
        ------
        InputFaults
            With all faults that the tasks under way have found.
        """
        held = [self.client.submit(hold, value, pure=False) for value in common]
        waiting: deque[Future] = deque()
        for count, each in enumerate(arguments):
            if count % TASKS_A_THREAD == 0:  # Workers come and go.
                most = TASKS_A_THREAD * sum(self.client.nthreads().values())
            recording, each = self.with_recording(each, files)
            waiting.append(self.client.submit(run_task, versions(), recording, function, *held, *each, pure=False))
            if len(waiting) >= most:
                yield next_result(waiting)
        while waiting:
            yield next_result(waiting)

    def with_recording(self, arguments: tuple, files: Mapping[Path, str]) -> tuple[SharedRecording | None, tuple]:
        """Return the recording among the arguments of a task, and the arguments as the worker takes them."""
        for position, path in enumerate(arguments):
            if isinstance(path, Path) and path in files:
                inside = within(path)
                recording = SharedRecording(inside, self.source(inside), files[path])
                return recording, (*arguments[:position], inside, *arguments[position + 1 :])
        return None, arguments

    def source(self, path: Path) -> str:
        """Return where workers find a file."""
        for folder, there in self.sources.items():
            if path.is_relative_to(folder):
                return f"{there.rstrip('/')}/{path.relative_to(folder).as_posix()}"
        return str(path.absolute())


def next_result(waiting: "deque[Future]") -> object:
    """Wait for the first of some tasks; where it was refused, for all of them, so that all faults are named."""
    try:
        return waiting.popleft().result()
    except InputFaults as first:
        errors = [first, *(future.exception() for future in waiting)]
        refuse(dict.fromkeys(line for error in errors if isinstance(error, InputFaults) for line in error.lines))


def within(path: Path) -> Path:
    """Return a path relative to the working folder where it lies there, absolute otherwise."""
    absolute = path.absolute()
    inside = absolute.is_relative_to(Path.cwd()) and ".." not in absolute.parts
    return absolute.relative_to(Path.cwd()) if inside else absolute


def worker_faults(client: "Client") -> list[str]:
    """Name the workers that would not give the same bytes, and why."""
    faults = []
    for address, found in client.run(setup_faults, versions(), on_error="return").items():
        if isinstance(found, Exception):
            # Such as that of a module it does not have.
            found = [] if isinstance(found, OSError) else [f"worker {address}: runs other code ({found}); {AGAIN}"]
        faults += found
    return list(dict.fromkeys(faults))
