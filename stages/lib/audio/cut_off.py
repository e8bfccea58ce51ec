"""Files that were cut off: what a recording lacks at its end by its own account, which libsndfile passes over."""

from pathlib import Path
from typing import BinaryIO, Literal

# What programs write as the length of samples that they stream, when they do not know it yet (FFmpeg, SoX, arecord).
UNKNOWN_LENGTHS = (range(1), range(0x7FFF0000, 0x80000001), range(0xFFFF0000, 0x100000000))
LONGEST_OGG_PAGE = 27 + 255 + 255 * 255
OGG_LAST_PAGE = 4


def missing_part(path: Path) -> str | None:
    """Say what a file lacks at its end; None where nothing can be told to be missing."""
    size = path.stat().st_size
    with path.open("rb") as file:
        form = file.read(4)
        if form in (b"RIFF", b"RF64", b"FORM"):
            start, length = sample_chunk(file, byte_order="big" if form == b"FORM" else "little")
            unknown = any(length in lengths for lengths in UNKNOWN_LENGTHS)
            if start + length > size and not unknown:
                return f"{size - start} of {length} bytes of samples are there"
        if form == b"OggS" and not ends_with_last_page(file, size):
            return "the last page is missing"
    return None


def sample_chunk(file: BinaryIO, byte_order: Literal["big", "little"]) -> tuple[int, int]:
    """Return where the samples of a WAV or AIFF file begin, and how many bytes it says there are."""
    position, long_length = 12, 0
    while len(head := read_at(file, position, 8)) == 8:
        start, length = position + 8, int.from_bytes(head[4:], byte_order)
        if head[:4] in (b"data", b"SSND"):
            return start, long_length or length
        if head[:4] == b"ds64":  # The lengths of a WAV file of more than 4 GB: of all, of the samples.
            long_length = int.from_bytes(read_at(file, start + 8, 8), byte_order)
        position = start + length + length % 2  # Chunks begin at even positions.
    return 0, 0


def ends_with_last_page(file: BinaryIO, size: int) -> bool:
    """Tell whether an Ogg file ends with a whole page that is marked as the last of its stream."""
    tail = read_at(file, max(0, size - LONGEST_OGG_PAGE), LONGEST_OGG_PAGE)
    page = tail[max(0, tail.rfind(b"OggS")) :]
    # The lengths of a page's segments stand from byte 27 on, their number before them.
    segments = page[27 : 27 + page[26]] if len(page) > 26 else b""
    return bool(segments) and bool(page[5] & OGG_LAST_PAGE) and len(page) >= 27 + len(segments) + sum(segments)


def read_at(file: BinaryIO, position: int, length: int) -> bytes:
    """Read from a place in a file."""
    file.seek(position)
    return file.read(length)
