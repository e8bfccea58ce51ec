"""Whether the committed accuracy is that of the labels, as far as dvc.lock tells."""

from hashlib import md5
from pathlib import Path

import yaml

from stages.lib.tables.expert import EXPERT
from stages.lib.tables.settled import SETTLED
from stages.lib.tables.undecided import UNDECIDED

LOCK = Path("dvc.lock")
CONFUSION = Path("metrics/plots/confusion_after.csv")
EDITED = (EXPERT, SETTLED, UNDECIDED)  # What people decide, and stages read.


def staleness(folder: Path) -> str:
    """Say why the accuracy of a folder is not that of its labels; empty where it is.

    Parameters
    ----------
    folder : Path
        The repository, or a snapshot with its dvc.lock, labels and accuracy.
    """
    missing = [path for path in (LOCK, EXPERT, CONFUSION) if not (folder / path).exists()]
    if missing:
        return f"{missing[0]} is missing"
    try:
        stages = yaml.safe_load((folder / LOCK).read_bytes())["stages"]
        read = [(name, Path(dep["path"]), dep["md5"]) for name, stage in stages.items() for dep in stage["deps"]]
        written = {Path(out["path"]): out["md5"] for stage in stages.values() for out in stage.get("outs", [])}
    except (yaml.YAMLError, KeyError, TypeError, AttributeError):
        return f"{LOCK} cannot be read"
    if EXPERT not in (path for _, path, _ in read) or CONFUSION not in written:
        return f"{LOCK} does not hold all stages"
    for stage, path, noted in read:
        if path in EDITED and digest(folder / path) != noted:
            return f"{path} has changed since the last dvc repro"
        if written.get(path, noted) != noted:
            return f"{path} has changed since {stage} ran"
    return "" if digest(folder / CONFUSION) == written[CONFUSION] else f"{CONFUSION} is not the one that evaluate wrote"


def digest(path: Path) -> str:
    """Return the digest that DVC takes of a file; empty where there is none."""
    return md5(path.read_bytes(), usedforsecurity=False).hexdigest() if path.exists() else ""
