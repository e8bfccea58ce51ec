"""The section of a page that a program writes, between two marks with its name."""

from pathlib import Path

from stages.lib.runtime.atomic_write import write_text


def replace_section(page: str, name: str, text: str) -> str:
    """Put a text between the marks of a section.

    Parameters
    ----------
    page : str
        Page that contains `<!-- NAME: begin -->` and `<!-- NAME: end -->`.
    name, text : str
    """
    begin, end = marks(name)
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n\n{text.strip()}\n\n{end}{after}"


def marks(name: str) -> tuple[str, str]:
    """Return the marks of a section, which are invisible on the page."""
    return f"<!-- {name}: begin -->", f"<!-- {name}: end -->"


def has_section(page: Path, name: str) -> bool:
    """Tell whether a page is there and has both marks of a section, one after the other."""
    begin, end = marks(name)
    _, _, rest = page.read_text(encoding="utf-8").partition(begin) if page.is_file() else ("", "", "")
    return end in rest


def publish(text: str, name: str, page: Path | None) -> None:
    """Put a text into its section of a page, or print it if no page is given."""
    if page:
        write_text(page, replace_section(page.read_text(encoding="utf-8"), name, text))
    else:
        print(text)
