"""Split text files of other programs into lines, and recognise files that are not text."""

import re

CONTAINERS = {
    b"PK\x03\x04": "a spreadsheet (or a zip archive); save the sheet as CSV in UTF-8, and give that file",
    b"\xd0\xcf\x11\xe0": "an old Excel spreadsheet; save the sheet as CSV in UTF-8, and give that file",
    b"%PDF": "a PDF; give the table that it was made from, saved as CSV",
    b"RIFF": "a recording; give the table or the label track about it",
    b"fLaC": "a recording; give the table or the label track about it",
    b"OggS": "a recording; give the table or the label track about it",
    b"\x1f\x8b": "compressed; unpack it first",
    b"SQLite": "a database; export its table as CSV, and give that file",
}


def content_fault(content: bytes) -> str | None:
    """Return the fault and remedy for a file that is not text; None if it may be text."""
    found = next((what for start, what in CONTAINERS.items() if content.startswith(start)), None)
    return found and f" is {found}"


def lines_of(content: bytes) -> list[str]:
    """Return the lines of UTF-8 text with any line endings, with or without a byte-order mark."""
    return re.split(r"\r\n|\r|\n", content.decode("utf-8-sig", errors="replace"))
