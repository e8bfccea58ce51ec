"""A folder of features without any recordings behind it."""

import json
from pathlib import Path

import numpy as np

from stages.lib.runtime.table import write_table


def write_features(folder: Path, arrays: dict[str, np.ndarray], **params: object) -> None:
    """Write a folder of features from arrays of one shape by clip id, two clips a shard."""
    folder.mkdir(parents=True)
    places = []
    clip_ids = list(arrays)
    for number, first in enumerate(range(0, len(clip_ids), 2)):
        of_shard = clip_ids[first : first + 2]
        np.save(folder / f"shard{number}.npy", np.array([arrays[clip_id] for clip_id in of_shard], np.float16))
        places += [(clip_id, f"shard{number}.npy", row) for row, clip_id in enumerate(of_shard)]
    write_table(folder / "index.csv", ("clip_id", "spectrogram", "row"), places)
    shape = list(arrays[clip_ids[0]].shape)
    (folder / "features.json").write_text(json.dumps({"params": params, "shapes": {"spectrogram": shape}}))
