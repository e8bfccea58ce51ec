"""The tables of a card."""


def rows(card: str, title: str) -> list[list[str]]:
    """Return the cells of the first table of a section, without its header."""
    section = card.split(f"\n## {title}\n")[1].split("\n## ", maxsplit=1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
