"""How much faster than real time clips are scored: `python -m benchmarks.score`, after featurize.

The network has random weights, which cost the same as any. It is compared with batches of one, as a plain loop over
clips has them. Seconds of the processor, all threads together.
"""

import time
from collections.abc import Callable

from benchmarks.machine import machine_line
from stages.lib.feature_store import load_clips, open_features
from stages.lib.model import model_folder
from stages.lib.model.model_folder import Model, log_odds_of
from stages.lib.model.network import build_network
from stages.lib.model.normalisation import Normalisation
from stages.lib.runtime.determinism import pin

CLIP_COUNT = 1024


def processor_seconds(work: Callable[[], object]) -> float:
    """Return what some work takes."""
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    """Score clips in both ways and print the ratio."""
    features = open_features()
    clip_ids = list(features.places)[:CLIP_COUNT]
    clip_s = features.description["params"]["clip_s"]
    pin(seed=0)
    normalisation = Normalisation.learn(load_clips(features, clip_ids))
    model = Model(
        build_network(tuple(features.description["shapes"]["spectrogram"])), features.description, normalisation
    )
    log_odds_of(model, features, clip_ids[: model_folder.BATCH_SIZE])
    ours = processor_seconds(lambda: log_odds_of(model, features, clip_ids)) / len(clip_ids)
    model_folder.BATCH_SIZE = 1
    plain = processor_seconds(lambda: log_odds_of(model, features, clip_ids)) / len(clip_ids)
    print(machine_line("tensorflow", "keras", "numpy"))
    print(f"batches  {1000 * ours:6.2f} ms a clip, {clip_s / ours:.0f} times real time a core")
    print(f"one by one {1000 * plain:4.2f} ms a clip, ratio {plain / ours:.1f}")


if __name__ == "__main__":
    main()
