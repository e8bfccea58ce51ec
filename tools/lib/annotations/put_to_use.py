"""What params.yaml has to say so that the pipeline runs on an imported data set."""

from collections.abc import Mapping
from pathlib import Path

from stages.lib.clips import read_clips
from stages.lib.faults import refuse
from stages.lib.params import read_params
from stages.lib.split_params import SplitParams
from tools.lib.known_clips import note_all_answered
from tools.lib.params_file import PARAMS, set_params
from tools.lib.split_suggestion import suggested_counts

Values = Mapping[tuple[str, str], str | int]


def advise(table: Path) -> str:
    """Say what to set, given the clips.csv of a data set."""
    values, fault = values_for(table)
    return fault or f"{PARAMS}: set {listed(values)}; the same command with --use does"


def use(table: Path) -> str:
    """Set it and say so; refuse a data set that cannot be divided."""
    values, fault = values_for(table)
    refuse([fault] if fault else [])
    noted = note_all_answered()  # The answers about the clips of the data set that was in use.
    set_params(values)
    return "\n".join([*noted, f"{PARAMS}: now has {listed(values)}"])


def values_for(table: Path) -> tuple[Values, str]:
    """Return the values by section and key; or why there are none."""
    split = read_params("split", SplitParams)
    counts = suggested_counts(read_clips(table), split.seed, split.group_by)
    if counts is None:
        by = split.group_by
        return {}, (
            f"{table}: cannot be divided: train, valid and test need calls and no-calls each, and no {by} may be in "
            f"two of them. That takes three {by}s with calls at least, better ten; annotate more {by}s, or cut long "
            "recordings into several files, and their annotations with them"
        )
    return {("data", "dataset"): table.parent.name} | {("split", part): count for part, count in counts.items()}, ""


def listed(values: Values) -> str:
    """Return params and their values as people write them."""
    return ", ".join(f"{section}.{key}: {value}" for (section, key), value in values.items())
