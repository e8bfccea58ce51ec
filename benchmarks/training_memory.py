"""The memory of training for few clips and for ten times as many: `python -m benchmarks.training_memory`.

The features are random numbers in the shape of the default params, 64 clips a shard (660 MB on disk for the larger).
Each run is a process of its own, trains for one epoch, and its peak is what the system says at its end. The alternative
loads all clips before it trains, as the plain way to call `fit` does.
"""

import argparse
import resource
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.machine import machine_line
from stages.lib.feature_store import Features, index_columns, load_clips, open_features
from stages.lib.model.model_folder import Model
from stages.lib.model.network import build_network
from stages.lib.model.normalisation import Normalisation
from stages.lib.runtime.atomic_write import write_json
from stages.lib.runtime.table import write_table
from stages.lib.training import LabelledClips, TrainParams, cross_entropy, train_new_model

SHAPE, SHARD_CLIPS, VALID = (128, 130), 64, 64
FEW, MANY = 2_000, 20_000
PARAMS = TrainParams(seed=0, epochs=1, batch_size=16, networks=1, learning_rate=0.001)


def write_features(folder: Path, clip_count: int) -> None:
    """Write the features of clips that hold noise."""
    places = []
    for first in range(0, clip_count, SHARD_CLIPS):
        name = f"noise{first}.npy"
        arrays = np.random.default_rng(first).standard_normal((SHARD_CLIPS, *SHAPE), np.float32)
        np.save(folder / name, arrays.astype(np.float16))
        places += [(f"clip{first + row:07d}", name, row) for row in range(min(SHARD_CLIPS, clip_count - first))]
    write_table(folder / "index.csv", index_columns(["spectrogram"]), places)
    write_json(folder / "features.json", {"params": {}, "shapes": {"spectrogram": SHAPE}})


def train_by_batch(features: Features, train: LabelledClips, valid: LabelledClips) -> None:
    """Train as the stages do."""
    train_new_model(features, train, valid, PARAMS)


def train_at_once(features: Features, train: LabelledClips, valid: LabelledClips) -> None:
    """Train on arrays that hold all clips."""
    arrays = load_clips(features, train.clip_ids)
    model = Model(build_network(SHAPE), features.description, Normalisation.learn([arrays]))
    model.network.compile("adam", cross_entropy)
    of_valid = model.normalisation.apply(load_clips(features, valid.clip_ids)), valid.targets
    inputs = model.normalisation.apply(arrays)
    model.network.fit(inputs, train.targets, PARAMS.batch_size, validation_data=of_valid, verbose=0)


WAYS = {"by batch": train_by_batch, "at once": train_at_once}


def train(folder: Path, way: str) -> None:
    """Train on the clips of a folder and print the most memory that this process held, in KiB."""
    features = open_features(folder)
    clip_ids = sorted(features.places)
    labels = ["call" if number % 2 else "nocall" for number in range(len(clip_ids))]
    parts = [LabelledClips.alike(clip_ids[part], labels[part]) for part in (slice(VALID, None), slice(VALID))]
    WAYS[way](features, *parts)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def peak_mib(folder: Path, way: str) -> float:
    """Train in a process of its own and return its peak."""
    command = [sys.executable, "-m", "benchmarks.training_memory", "--folder", str(folder), "--way", way]
    outcome = subprocess.run(command, check=False, capture_output=True, text=True)
    if outcome.returncode:
        sys.exit(outcome.stderr)
    return int(outcome.stdout.split()[-1]) / 1024


def main() -> None:
    """Train in both ways on few and on many clips, and print the peaks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="train once, on the features there")
    parser.add_argument("--way", choices=WAYS, default="by batch")
    arguments = parser.parse_args()
    if arguments.folder:
        train(arguments.folder, arguments.way)
        return
    print(machine_line("tensorflow", "keras", "numpy"))
    peaks = {way: [] for way in WAYS}
    for clip_count in (FEW, MANY):
        with TemporaryDirectory() as folder:
            write_features(Path(folder), clip_count)
            for way, of_way in peaks.items():
                of_way.append(peak_mib(Path(folder), way))
                print(f"{way}  {clip_count:6} clips  {of_way[-1]:6.0f} MiB", flush=True)
    for way, (few, many) in peaks.items():
        print(f"{way}: {many - few:+6.0f} MiB for {MANY - FEW} clips more")


if __name__ == "__main__":
    main()
