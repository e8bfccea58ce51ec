"""Edits that have to change something: a text that is no longer there would make a test of nothing."""

from pathlib import Path


def replaced(text: str, old: str, new: str) -> str:
    """Return a text with every occurrence of a part replaced."""
    result = text.replace(old, new)
    assert result != text, f"{old!r} has to be there, and other than {new!r}"
    return result


def replace_in(path: Path, old: str, new: str) -> None:
    """Replace every occurrence of a part of a file."""
    path.write_text(replaced(path.read_text(encoding="utf-8"), old, new), encoding="utf-8")
