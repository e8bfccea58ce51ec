"""The folder `features/`: one array of float16 for each recording, an index, and a description."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np

from stages.lib.runtime.faults import InputFaults, refuse
from stages.lib.runtime.table import read_table, write_table

FOLDER = Path("features")
INDEX_COLUMNS = ("clip_id", "shard", "row")

ClipType = TypeVar("ClipType")


class Features(NamedTuple):
    """The features of a data set, open for reading.

    Attributes
    ----------
    folder : Path
    description : dict
        `params` (section `featurize` of params.yaml at the time of writing) and `shape` (bands, frames).
    places : dict
        From clip id to (shard, row).
    """

    folder: Path
    description: dict
    places: dict[str, tuple[str, int]]


def open_features(folder: Path = FOLDER) -> Features:
    """Open the folder written by `featurize`."""
    try:
        description = json.loads((folder / "features.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputFaults([f"{folder}: holds no features yet; run dvc repro"]) from None
    rows = read_table(folder / "index.csv", INDEX_COLUMNS)
    places = {row.cells["clip_id"]: (row.cells["shard"], int(row.cells["row"])) for row in rows}
    return Features(folder, description, places)


def write_index(folder: Path, clips_of: Mapping[str, Sequence[str]]) -> None:
    """Write the index: the shard and the row of each clip's features.

    Parameters
    ----------
    folder : Path
    clips_of : mapping
        From the name of a shard to the ids of its clips, in order.
    """
    places = [(clip_id, shard, row) for shard, clip_ids in clips_of.items() for row, clip_id in enumerate(clip_ids)]
    write_table(folder / "index.csv", INDEX_COLUMNS, sorted(places))


def refuse_missing(features: Features, clip_ids: Sequence[str]) -> None:
    """Raise `InputFaults` if a clip has no features."""
    refuse(
        f"{features.folder / 'index.csv'}: there is no clip {clip_id}; run dvc repro to featurize it"
        for clip_id in clip_ids
        if clip_id not in features.places
    )


def recordings_of(features: Features, clip_ids: Sequence[str]) -> list[str]:
    """Return the recording id of each clip, from the name of its shard."""
    refuse_missing(features, clip_ids)
    stems = (Path(features.places[clip_id][0]).stem for clip_id in clip_ids)
    # A shard is named `<stem>.<digests>.npy`.
    return [stem.rpartition(".")[0] or stem for stem in stems]


def load_clips(features: Features, clip_ids: Sequence[str]) -> np.ndarray:
    """Load the arrays of some clips.

    Parameters
    ----------
    features : Features
    clip_ids : sequence of str

    Returns
    -------
    ndarray of float16, shape (clips, bands, frames)
        In the order of `clip_ids`.

    Raises
    ------
    InputFaults
        If a clip has no features.
    """
    refuse_missing(features, clip_ids)
    arrays = np.empty((len(clip_ids), *features.description["shape"]), np.float16)
    # One shard is open at a time; its clips are read through a memory map.
    order = sorted(range(len(clip_ids)), key=lambda position: features.places[clip_ids[position]])
    open_name, shard = "", np.empty(0)
    for position in order:
        name, row = features.places[clip_ids[position]]
        if name != open_name:
            open_name, shard = name, np.load(features.folder / name, mmap_mode="r", allow_pickle=False)
        arrays[position] = shard[row]
    return arrays


def in_batches(clips: Sequence[ClipType], size: int) -> Iterator[Sequence[ClipType]]:
    """Divide clips into batches, so that only one has to be in memory at a time."""
    return (clips[start : start + size] for start in range(0, len(clips), size))
