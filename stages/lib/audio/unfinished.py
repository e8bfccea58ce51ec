"""WAV files whose headers were never finished: the recorder stopped without warning, and all samples are there."""

from pathlib import Path
from typing import BinaryIO

from stages.lib.audio.cut_off import UNKNOWN_LENGTHS, sample_chunk

FORMS = (b"RIFF", b"RF64")
# By a whole of 8 bytes, and none of samples, libsndfile tells a file that was not closed, and reads it to its end.
NOT_CLOSED = b"RIFF" + (8).to_bytes(4, "little")
NO_LENGTH = bytes(4)


def unfinished_from(path: Path) -> int | None:
    """Return the byte from which on there are samples that the header does not count; None where it counts them.

    A recorder writes how long the whole is, and the samples, when it ends. Until then the header has 0, the largest
    number that it can hold, or the length of itself.
    """
    try:
        with path.open("rb") as file:
            if file.read(4) not in FORMS:
                return None
            whole = int.from_bytes(file.read(4), "little")
            start, length = sample_chunk(file, byte_order="little")
    except OSError:
        return None
    there = path.stat().st_size - start
    if not start or not there or not is_unknown(length):
        return None
    # A file that was closed can hold no samples, and other things behind them.
    unfinished = is_unknown(whole) or whole + 8 <= start if length == 0 else length > there
    return start if unfinished else None


def is_unknown(length: int) -> bool:
    """Tell whether a length stands for one that is not known yet."""
    return any(length in lengths for lengths in UNKNOWN_LENGTHS)


class Finished:
    """A WAV file as libsndfile reads it to its end, open for reading.

    Parameters
    ----------
    file : BinaryIO
    start : int
        Where its samples begin.
    """

    def __init__(self, file: BinaryIO, start: int):
        file.seek(0)
        header = file.read(start)
        self.file = file
        self.header = NOT_CLOSED + header[len(NOT_CLOSED) : -len(NO_LENGTH)] + NO_LENGTH
        file.seek(0)

    def read(self, size: int = -1) -> bytes:
        """Read from where the file is."""
        position = self.file.tell()
        content = self.file.read(size)
        return self.header[position : position + len(content)] + content[max(0, len(self.header) - position) :]

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to another place."""
        return self.file.seek(offset, whence)

    def tell(self) -> int:
        """Return where the file is."""
        return self.file.tell()
