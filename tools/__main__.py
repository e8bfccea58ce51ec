"""List the commands, with what each does: `python -m tools`."""

import ast
import re
from pathlib import Path

FOLDER = Path(__file__).parent


def summary(source: str) -> str:
    """Return the first line of a module's docstring, without the command that follows its colon."""
    first_line = (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]
    return re.sub(r": `.*", "", first_line).rstrip(".")


def commands(folder: Path) -> dict[str, str]:
    """Return the commands of a folder by name, with what each does. Nothing is imported, so this is fast."""
    paths = sorted(path for path in folder.glob("*.py") if not path.stem.startswith("_"))
    return {path.stem: summary(path.read_text(encoding="utf-8")) for path in paths}


def main() -> None:
    """Print a line for each command."""
    found = commands(FOLDER)
    width = max(map(len, found))
    print("Run a command with python -m tools.NAME; --help lists its options.\n")
    print("\n".join(f"{name:{width}}  {what}" for name, what in found.items()))


if __name__ == "__main__":
    main()
