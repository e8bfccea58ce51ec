"""Truncated files: what is missing at the end of a recording according to its header, which libsndfile ignores."""

from pathlib import Path
from typing import BinaryIO, Literal

# Placeholders that FFmpeg, SoX and arecord write for a length that is not known yet while they stream.
UNKNOWN_LENGTHS = (range(1), range(0x7FFF0000, 0x80000001), range(0xFFFF0000, 0x100000000))
LONGEST_OGG_PAGE = 27 + 255 + 255 * 255
OGG_LAST_PAGE = 4


def missing_part(path: Path) -> str | None:
    """Say what is missing at the end of a file; None if nothing is known to be missing."""
    size = path.stat().st_size
    with path.open("rb") as file:
        form = file.read(4)
        if form in (b"RIFF", b"RF64", b"FORM"):
            start, length = sample_chunk(file, byte_order="big" if form == b"FORM" else "little")
            unknown = any(length in lengths for lengths in UNKNOWN_LENGTHS)
            if start + length > size and not unknown:
                return f"{size - start} of {length} bytes of samples are present"
        if form == b"OggS" and not ends_with_last_page(file, size):
            return "the last page is missing"
    return None


def sample_chunk(file: BinaryIO, byte_order: Literal["big", "little"]) -> tuple[int, int]:
    """Return the position of the samples in a WAV or AIFF file, and their length in bytes according to its header."""
    position, long_length = 12, 0
    while len(head := read_at(file, position, 8)) == 8:
        start, length = position + 8, int.from_bytes(head[4:], byte_order)
        if head[:4] in (b"data", b"SSND"):
            return start, long_length or length
        if head[:4] == b"ds64":  # In a WAV file of more than 4 GB: the length of the file, then of the samples.
            long_length = int.from_bytes(read_at(file, start + 8, 8), byte_order)
        position = start + length + length % 2  # Chunks start at even positions.
    return 0, 0


def ends_with_last_page(file: BinaryIO, size: int) -> bool:
    """Tell whether an Ogg file ends with a complete page that is marked as the last of its stream."""
    tail = read_at(file, max(0, size - LONGEST_OGG_PAGE), LONGEST_OGG_PAGE)
    page = tail[max(0, tail.rfind(b"OggS")) :]
    # Byte 26 of a page is the number of segments; their lengths follow.
    segments = page[27 : 27 + page[26]] if len(page) > 26 else b""
    return bool(segments) and bool(page[5] & OGG_LAST_PAGE) and len(page) >= 27 + len(segments) + sum(segments)


def read_at(file: BinaryIO, position: int, length: int) -> bytes:
    """Read from a position in a file."""
    file.seek(position)
    return file.read(length)
