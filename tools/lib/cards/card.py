"""What both cards look like."""

from collections.abc import Mapping, Sequence

WRITTEN_BY = "Written by `python -m tools.write_cards` from what the last run of the pipeline has left; edits are lost."


def card(title: str, warning: str, sections: Mapping[str, Sequence[str]]) -> str:
    """Return a card as Markdown.

    Parameters
    ----------
    title : str
    warning : str
        What to know before all else; may be empty.
    sections : mapping
        From the title of each to its lines.
    """
    lines = [f"# {title}", "", WRITTEN_BY]
    if warning:
        lines += ["", f"**{warning}**"]
    for name, content in sections.items():
        lines += ["", f"## {name}", "", *content]
    return "\n".join(lines) + "\n"
