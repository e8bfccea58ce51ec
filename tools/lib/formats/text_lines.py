"""The lines of text files that other programs have written, and files that are no text."""

import re

CONTAINERS = {
    b"PK\x03\x04": "a spreadsheet (or a zip archive); save the sheet as CSV in UTF-8, and give that file",
    b"\xd0\xcf\x11\xe0": "a spreadsheet of an old Excel; save the sheet as CSV in UTF-8, and give that file",
    b"%PDF": "a PDF; give the table that it was made from, saved as CSV",
    b"RIFF": "a recording; name the folder that holds it with --recordings, and here the file of annotations",
    b"fLaC": "a recording; name the folder that holds it with --recordings, and here the file of annotations",
    b"OggS": "a recording; name the folder that holds it with --recordings, and here the file of annotations",
    b"\x1f\x8b": "compressed; unpack it first",
    b"SQLite": "a database; export its table as CSV, and give that file",
}


def content_fault(content: bytes) -> str | None:
    """Say what a file is that cannot be text, and what to do; None where it may be."""
    found = next((what for start, what in CONTAINERS.items() if content.startswith(start)), None)
    return found and f" is {found}"


def lines_of(content: bytes) -> list[str]:
    """Return the lines of UTF-8 text, whatever their endings and with or without a byte-order mark."""
    return re.split(r"\r\n|\r|\n", content.decode("utf-8-sig", errors="replace"))
