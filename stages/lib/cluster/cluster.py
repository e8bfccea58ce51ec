"""A Dask cluster whose workers run from checkouts of the same commit, so that tasks give the same bytes there."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from stages.lib.cluster.setup import REMEDY, refuse_other_setup, setup
from stages.lib.cluster.task import SharedRecording, run_task
from stages.lib.runtime.faults import InputFaults

if TYPE_CHECKING:
    from distributed import Client, Future

# Enough tasks under way that no worker waits for its next one. Results stay on their workers until they are used. The
# Dask backend of joblib has no such limit, so results pile up in this process if it writes to a slow disk.
TASKS_A_THREAD = 4
NO_FILES: Mapping[Path, str] = MappingProxyType({})
Result = TypeVar("Result")


class Cluster(NamedTuple):
    """A scheduler and its workers.

    Attributes
    ----------
    client : distributed.Client
    recordings : Path
        The folder of recordings, relative to the working folder.
    shared : str
        Where workers find the content of this folder: a URL or a folder. Other files have the same absolute path there.
    needed : tuple of Path
        The files that must be the same in a worker's checkout, apart from the code.
    """

    client: "Client"
    recordings: Path
    shared: str
    needed: tuple[Path, ...] = ()

    def results(
        self, function: Callable[..., Result], arguments: Iterable[tuple], files: Mapping[Path, str] = NO_FILES
    ) -> Iterator[Result]:
        """Run a function on the workers.

        Parameters
        ----------
        function : callable
        arguments : iterable of tuple
            The arguments of each task. They are generated as the results are used.
        files : mapping
            From recording to the digest of its content. Workers check the recording among a task's arguments by it.

        Yields
        ------
        object
            The results in order.

        Raises
        ------
        InputFaults
            With the faults of all tasks under way.
        """
        expected = setup(self.needed)
        waiting: deque[Future] = deque()
        for count, each in enumerate(arguments):
            if count % TASKS_A_THREAD == 0:  # Workers come and go.
                most = TASKS_A_THREAD * sum(self.client.nthreads().values())
            task = (run_task, expected, self.needed, function, *self.with_recording(each, files))
            waiting.append(self.client.submit(*task, pure=False))
            if len(waiting) >= most:
                yield next_result(waiting)
        while waiting:
            yield next_result(waiting)

    def hold(self, value: tuple) -> "Future":
        """Return an argument that is sent to each worker once, not with every task."""
        # A task is repeated if its worker is lost; data that is only placed on a worker would be lost with it.
        return self.client.submit(tuple, value, pure=False)

    def with_recording(self, arguments: tuple, files: Mapping[Path, str]) -> tuple:
        """Return the recording among the arguments of a task (or None), then the arguments as the worker needs them."""
        path = next((each for each in arguments if isinstance(each, Path) and each in files), None)
        if path is None:
            return None, *arguments
        inside = within(path)
        source = str(path.absolute())
        if inside.is_relative_to(self.recordings):
            source = f"{self.shared.rstrip('/')}/{inside.relative_to(self.recordings).as_posix()}"
        recording = SharedRecording(inside, source, files[path])
        return recording, *(inside if each is path else each for each in arguments)

    def setup_faults(self) -> list[str]:
        """Name the machines of the cluster that would not give the same bytes, and why."""
        found: dict[str, object] = self.client.run(
            refuse_other_setup, setup(self.needed), self.needed, on_error="return"
        )
        try:
            # The scheduler needs our code to unpack the tasks.
            self.client.run_on_scheduler(refuse_other_setup, setup())
        except Exception as error:
            found[self.client.scheduler_info()["address"]] = error
        faults = []
        for machine, reason in found.items():
            if isinstance(reason, InputFaults):
                faults += reason.lines
            elif reason and not isinstance(reason, OSError):  # A lost worker does no harm.
                faults.append(f"cluster machine {machine}: cannot run tasks of this repository ({reason}); {REMEDY}")
        return list(dict.fromkeys(faults))


def next_result(waiting: "deque[Future]") -> Any:
    """Wait for the first of some tasks; if it was refused, wait for all of them, so that all faults are named."""
    try:
        return waiting.popleft().result()
    except InputFaults as first:
        errors = [first, *(future.exception() for future in waiting)]
        lines = dict.fromkeys(line for error in errors for line in getattr(error, "lines", []))
        raise InputFaults(lines) from None


def within(path: Path) -> Path:
    """Return a path relative to the working folder if it lies there, and absolute otherwise."""
    absolute = path.absolute()
    inside = absolute.is_relative_to(Path.cwd()) and ".." not in absolute.parts
    return absolute.relative_to(Path.cwd()) if inside else absolute
