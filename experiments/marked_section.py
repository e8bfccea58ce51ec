"""Sections of pages that commands write, between marks that name the command."""


def replace_section(page: str, name: str, section: str) -> str:
    """Put a section between the marks `<!-- name: begin -->` and `<!-- name: end -->` of a page."""
    begin, end = (f"<!-- {name}: {side} -->" for side in ("begin", "end"))
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n\n{section}\n{end}{after}"
