"""Training time per epoch, compared with the study's network on the study's input: `python -m benchmarks.train`.

Both networks train on random numbers: the values do not change how long an epoch takes.
"""

import time

import numpy as np

from benchmarks.machine import machine_line
from stages.lib.features.feature_params import FeatureParams
from stages.lib.model.network import build_network
from stages.lib.runtime.determinism import pin
from stages.lib.runtime.params import read_params
from stages.lib.training.epochs import cross_entropy
from stages.lib.training.inputs import TrainParams
from tools.lib.command_parser import command_parser

CLIP_COUNT = 1254
# The study's network is timed on fewer clips and the time is scaled up. All clips would take half an hour.
STUDY_CLIP_COUNT = 96
STUDY_SHAPE = (607, 617, 3)
EPOCHS = 5


def build_study_network():
    """Build the study's network."""
    from keras import Sequential, layers

    convolutions = [layers.Conv2D(filters, 5, strides=3, activation="relu") for filters in (64, 64, 128, 128)]
    return Sequential(
        [
            layers.Input(STUDY_SHAPE),
            *convolutions,
            layers.Flatten(),
            layers.Dense(256, activation="relu"),
            layers.Dense(1, activation="sigmoid"),
        ]
    )


def seconds_per_clip(network, loss, shape: tuple[int, ...], clip_count: int, batch_size: int) -> float:
    """Train on random clips and return the time per clip in the fastest epoch."""
    import keras
    import tensorflow

    random = np.random.default_rng(0)
    clips = random.standard_normal((clip_count, *shape), np.float32)
    targets = random.integers(2, size=(clip_count, 1)).astype(np.float32)
    # As in stages/lib/training/epochs.py, no thread tunes the input.
    options = tensorflow.data.Options()
    options.autotune.enabled = False
    batches = tensorflow.data.Dataset.from_tensor_slices((clips, targets)).batch(batch_size).with_options(options)
    network.compile(keras.optimizers.Adam(), loss)
    network.fit(batches, shuffle=False, verbose=0)  # The first epoch also builds the graph.
    times = []
    for _ in range(EPOCHS):
        start = time.perf_counter()
        network.fit(batches, shuffle=False, verbose=0)
        times.append(time.perf_counter() - start)
    return min(times) / clip_count


def main() -> None:
    """Time both networks and print the ratio."""
    command_parser(__doc__).parse_args()
    shape = read_params("featurize", FeatureParams).shape
    params = read_params("train", TrainParams)
    pin(params.seed)
    theirs = seconds_per_clip(
        build_study_network(), "binary_crossentropy", STUDY_SHAPE, STUDY_CLIP_COUNT, params.batch_size
    )
    print(machine_line("tensorflow", "keras", "numpy"))
    print(f"Seconds per epoch of {CLIP_COUNT} clips:")
    print(f"the study's network on {STUDY_SHAPE} {CLIP_COUNT * theirs:8.2f} (measured on {STUDY_CLIP_COUNT} clips)")
    for networks in sorted({1, params.networks}):
        ours = seconds_per_clip(build_network(shape, networks), cross_entropy, shape, CLIP_COUNT, params.batch_size)
        print(f"{networks} of the pipeline on {shape} {CLIP_COUNT * ours:8.2f} ({theirs / ours:.1f} times as fast)")


if __name__ == "__main__":
    main()
