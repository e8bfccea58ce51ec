"""WAV files with unfinished headers: the recorder stopped abruptly, but all samples are in the file."""

from pathlib import Path
from typing import BinaryIO

from stages.lib.audio.cut_off import UNKNOWN_LENGTHS, sample_chunk

FORMS = (b"RIFF", b"RF64")
# If a header says 8 bytes in all and 0 bytes of samples, libsndfile treats the file as not closed and reads to its end.
NOT_CLOSED = b"RIFF" + (8).to_bytes(4, "little")
NO_LENGTH = bytes(4)


def unfinished_from(path: Path) -> int | None:
    """Return the position of the samples if the header was never finished; None if it was.

    A recorder writes the lengths of the file and the samples when it stops. Until then, the header has 0, the largest
    possible number, or its own length.
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
    # A closed file can also have 0 samples, with other chunks after them.
    unfinished = is_unknown(whole) or whole + 8 <= start if length == 0 else length > there
    return start if unfinished else None


def is_unknown(length: int) -> bool:
    """Tell whether a length is a placeholder for one that is not known yet."""
    return any(length in lengths for lengths in UNKNOWN_LENGTHS)


class Finished:
    """A WAV file open for reading, with a header that makes libsndfile read to the end of the file.

    Parameters
    ----------
    file : BinaryIO
    start : int
        Position of the samples.
    """

    def __init__(self, file: BinaryIO, start: int):
        file.seek(0)
        header = file.read(start)
        self.file = file
        self.header = NOT_CLOSED + header[len(NOT_CLOSED) : -len(NO_LENGTH)] + NO_LENGTH
        file.seek(0)

    def read(self, size: int = -1) -> bytes:
        """Read from the current position."""
        position = self.file.tell()
        content = self.file.read(size)
        return self.header[position : position + len(content)] + content[max(0, len(self.header) - position) :]

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move to another position."""
        return self.file.seek(offset, whence)

    def tell(self) -> int:
        """Return the current position."""
        return self.file.tell()
