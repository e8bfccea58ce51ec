"""The folder `features/`: an array of float16 for each recording and view, an index, and a description."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np

from stages.lib.runtime.faults import InputFaults, refuse
from stages.lib.runtime.table import read_table, write_table

FOLDER = Path("features")
SPECTROGRAM, EMBEDDING = "spectrogram", "embedding"


class Place(NamedTuple):
    """Where the features of a clip are: the shard of each view, and the row in all of them."""

    shards: tuple[str, ...]
    row: int


ClipType = TypeVar("ClipType")


class Features(NamedTuple):
    """The features of a data set, open for reading.

    Attributes
    ----------
    folder : Path
    description : dict
        `params` (section `featurize` of params.yaml, as it was), `shapes` (of each view: bands and frames of the
        spectrogram, channels of the embedding) and, where there is one, the description of the `pretrained` model.
    places : dict
        From clip id to `Place`.
    """

    folder: Path
    description: dict
    places: dict[str, Place]

    @property
    def views(self) -> tuple[str, ...]:
        """The kinds of features that there are of each clip."""
        return tuple(self.description["shapes"])


def open_features(folder: Path = FOLDER) -> Features:
    """Open the folder written by `featurize`."""
    try:
        description = json.loads((folder / "features.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputFaults([f"{folder}: holds no features yet; run dvc repro"]) from None
    if "shapes" not in description:
        raise InputFaults([f"{folder}: was made by an older version of this program; run dvc repro"])
    views = tuple(description["shapes"])
    rows = read_table(folder / "index.csv", index_columns(views))
    places = {
        row.cells["clip_id"]: Place(tuple(row.cells[view] for view in views), int(row.cells["row"])) for row in rows
    }
    return Features(folder, description, places)


def index_columns(views: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of the index: a clip, the shard of each view, and the row in all of them."""
    return ("clip_id", *views, "row")


def write_index(folder: Path, views: Sequence[str], clips_of: Mapping[tuple[str, ...], Sequence[str]]) -> None:
    """Write which shards hold the features of each clip, and in which row.

    Parameters
    ----------
    folder : Path
    views : sequence of str
    clips_of : mapping
        From the names of the shards of a recording, one for each view, to the ids of its clips, in order.
    """
    places = [(clip_id, *shards, row) for shards, clip_ids in clips_of.items() for row, clip_id in enumerate(clip_ids)]
    write_table(folder / "index.csv", index_columns(views), sorted(places))


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
    stems = (Path(features.places[clip_id].shards[0]).stem for clip_id in clip_ids)
    # A shard is named `<stem>.<digests>.npy`.
    return [stem.rpartition(".")[0] or stem for stem in stems]


def load_clips(features: Features, clip_ids: Sequence[str], view: str = SPECTROGRAM) -> np.ndarray:
    """Load the arrays of some clips in one view.

    Parameters
    ----------
    features : Features
    clip_ids : sequence of str
    view : str
        One of `features.views`.

    Returns
    -------
    ndarray of float16, shape (clips, bands, frames) or (clips, channels)
        In the order of `clip_ids`.

    Raises
    ------
    InputFaults
        If a clip has no features.
    """
    refuse_missing(features, clip_ids)
    arrays = np.empty((len(clip_ids), *features.description["shapes"][view]), np.float16)
    number = features.views.index(view)
    # One shard is open at a time; its clips are read through the memory map.
    order = sorted(range(len(clip_ids)), key=lambda position: features.places[clip_ids[position]])
    open_name, shard = "", np.empty(0)
    for position in order:
        shards, row = features.places[clip_ids[position]]
        if shards[number] != open_name:
            open_name = shards[number]
            shard = np.load(features.folder / open_name, mmap_mode="r", allow_pickle=False)
        arrays[position] = shard[row]
    return arrays


def load_views(features: Features, clip_ids: Sequence[str]) -> dict[str, np.ndarray]:
    """Load the arrays of some clips in every view."""
    return {view: load_clips(features, clip_ids, view) for view in features.views}


def in_batches(clips: Sequence[ClipType], size: int) -> Iterator[Sequence[ClipType]]:
    """Divide clips into batches, so that only one has to be in memory at a time."""
    return (clips[start : start + size] for start in range(0, len(clips), size))
