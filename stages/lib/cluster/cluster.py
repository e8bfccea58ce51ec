"""A Dask cluster that runs from checkouts like this one, so that tasks give the same bytes there as here."""

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

# So that no worker waits for its next task. A result stays on its worker until its turn has come. joblib's own backend
# for Dask draws no such line: behind a slow disk, results pile up in this process.
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
        Where workers find what is in it: a URL or a folder. They find other files under the absolute paths of here.
    needed : tuple of Path
        The files that a worker's checkout has to hold as the working folder does, beside the code.
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
            The arguments of each task. They are drawn as the results are.
        files : mapping
            From recordings to digests. A task finds the recording among its arguments there, with this content.

        Yields
        ------
        object
            The results in order.

        Raises
        ------
        InputFaults
            With all faults of the tasks under way.
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
        """Return an argument that is sent once to each worker, not with every task."""
        # Data that is only placed on workers is lost with them. A task is done again.
        return self.client.submit(tuple, value, pure=False)

    def with_recording(self, arguments: tuple, files: Mapping[Path, str]) -> tuple:
        """Return the recording among the arguments of a task (or None), then the arguments as the worker takes them."""
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
            # It unpacks and packs the tasks, and needs our code for that.
            self.client.run_on_scheduler(refuse_other_setup, setup())
        except Exception as error:
            found[self.client.scheduler_info()["address"]] = error
        faults = []
        for machine, reason in found.items():
            if isinstance(reason, InputFaults):
                faults += reason.lines
            elif reason and not isinstance(reason, OSError):  # A worker that was lost does no harm.
                faults.append(f"cluster machine {machine}: cannot run tasks of this repository ({reason}); {REMEDY}")
        return list(dict.fromkeys(faults))


def next_result(waiting: "deque[Future]") -> Any:
    """Wait for the first of some tasks; where it was refused, for all of them, so that all faults are named."""
    try:
        return waiting.popleft().result()
    except InputFaults as first:
        errors = [first, *(future.exception() for future in waiting)]
        lines = dict.fromkeys(line for error in errors for line in getattr(error, "lines", []))
        raise InputFaults(lines) from None


def within(path: Path) -> Path:
    """Return a path relative to the working folder where it lies there, absolute otherwise."""
    absolute = path.absolute()
    inside = absolute.is_relative_to(Path.cwd()) and ".." not in absolute.parts
    return absolute.relative_to(Path.cwd()) if inside else absolute
