"""The pages that people read, and the commands on them."""

import re
from collections.abc import Mapping
from pathlib import Path

from experiments.clone import REPOSITORY
from tests.support.edit import replaced

PATTERNS = ("*.md", "docs/*.md", "data/*/README.md")
PAGES = sorted({str(path.relative_to(REPOSITORY)) for each in PATTERNS for path in REPOSITORY.glob(each)})


def read_page(page: str | Path) -> str:
    """Return the text of a page, by its path from the root of the repository."""
    return (REPOSITORY / page).read_text(encoding="utf-8")


def blocks(page: str, language: str = "bash") -> list[str]:
    """Return the fenced blocks of a page in one language, in their order."""
    return re.findall(rf"```{language}\n(.*?)```", read_page(page), flags=re.DOTALL)


def block(page: str, first: str, names: Mapping[str, str | Path] = {}) -> str:
    """Return the one block of commands that starts with a text, the names of its example replaced."""
    (commands,) = (each for each in blocks(page) if each.startswith(first))
    for example, name in names.items():
        commands = replaced(commands, example, str(name))
    return commands


def section(page: str, heading: str) -> str:
    """Return what a page has below a heading of the second level."""
    (text,) = re.findall(
        rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", read_page(page), flags=re.DOTALL | re.MULTILINE
    )
    return text
