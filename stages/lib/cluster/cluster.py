"""A Dask cluster on which calls are answered as on this machine: with the code of this checkout, to the same bytes."""

import io
import zipfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from stages.lib.cluster.calls import Call, Placed, pack, unpack, versions
from stages.lib.runtime.faults import InputFaults, refuse

if TYPE_CHECKING:
    from distributed import Client, Future

# For each thread of the workers, so that none has to wait for the next. A result stays on its worker until its turn has
# come. joblib's own backend for Dask draws no such line: behind a slow disk, results pile up in this process.
CALLS_A_THREAD = 4
RETRIES = 3  # Of a call whose process was killed, as for want of memory.
ROOT = Path(__file__).parents[3]
Result = TypeVar("Result")
NO_FILES = MappingProxyType({})


class Cluster(NamedTuple):
    """Workers that hold our code.

    Attributes
    ----------
    client : distributed.Client
    name : str
        That of the plugin which answers on the workers.
    sources : mapping
        From folder, relative to the working folder, to where workers find what is in it: a URL, or a folder of theirs.
        Other files they find under the absolute paths that these have here.
    """

    client: "Client"
    name: str
    sources: Mapping[Path, str]

    def results(
        self, function: Callable[..., Result], arguments: Iterable[tuple], files: Mapping[Path, str] = NO_FILES
    ) -> Iterator[Result]:
        """Call a function on the workers.

        Parameters
        ----------
        function : callable
        arguments : iterable of tuple
            The arguments of each call. They are drawn as the results are.
        files : mapping
            From paths to digests. Where such a path is an argument, the call finds the file there, with this content.

        Yields
        ------
        object
            The results in order.
        """
        waiting: deque[Future] = deque()
        for count, each in enumerate(arguments):
            if count % CALLS_A_THREAD == 0:  # Workers come and go.
                most = CALLS_A_THREAD * sum(self.client.nthreads().values())
            waiting.append(self.submit(function, each, files))
            if len(waiting) >= most:
                yield self.next_result(waiting)
        while waiting:
            yield self.next_result(waiting)

    def submit(self, function: Callable, arguments: tuple, files: Mapping[Path, str]) -> "Future":
        """Hand out one call."""
        places = []
        for position, path in enumerate(arguments):
            if isinstance(path, Path) and path in files:
                places.append(Placed(within(path), source(path, self.sources), files[path]))
                arguments = (*arguments[:position], within(path), *arguments[position + 1 :])
        call = pack(Call(function, arguments, places, versions()))
        return self.client.submit(answer_by(self.name), call, pure=False, retries=RETRIES)

    def next_result(self, waiting: "deque[Future]") -> object:
        """Wait for the first of some calls; where it was refused, for all of them, so that all faults are named."""
        well, value = unpack(waiting.popleft().result())
        if isinstance(value, InputFaults):
            others = [unpack(future.result())[1] for future in waiting]
            faults = [value, *(other for other in others if isinstance(other, InputFaults))]
            refuse(dict.fromkeys(line for of_call in faults for line in of_call.lines))
        if not well:
            raise value
        return value


def answer_by(name: str) -> Callable[[bytes], bytes]:
    """Return the function that has a call answered on a worker, which travels by value because it is a local one."""

    def answer(call: bytes) -> bytes:
        from distributed import get_worker

        return get_worker().plugins[name].answer(call)

    return answer


def within(path: Path) -> Path:
    """Return a path relative to the working folder where it lies there, absolute otherwise."""
    absolute = path.absolute()
    inside = absolute.is_relative_to(Path.cwd()) and ".." not in absolute.parts
    return absolute.relative_to(Path.cwd()) if inside else absolute


def source(path: Path, sources: Mapping[Path, str]) -> str:
    """Return where workers find a file."""
    for folder, there in sources.items():
        if within(path).is_relative_to(folder):
            return f"{there.rstrip('/')}/{within(path).relative_to(folder).as_posix()}"
    return str(path.absolute())


def code_with(models: Sequence[Path]) -> bytes:
    """Return our code, and some folders of models, as a ZIP archive."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as code:
        for package in ("stages", "tools"):
            for path in sorted((ROOT / package).rglob("*.py")):
                code.write(path, path.relative_to(ROOT))
        for path in sorted(path for model in models for path in model.iterdir()):
            code.write(path, path)
    return archive.getvalue()
