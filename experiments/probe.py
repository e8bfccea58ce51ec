"""Accuracy of a probe on a pretrained model with few labels: `python -m experiments.probe right_whale`.

For each seed, the probe is trained on clips drawn at random and tested on all other clips.
"""

import time
from collections.abc import Sequence

import numpy as np

from experiments.command import at_least, exit_without
from experiments.kinds import KINDS, PROBE, exit_without_pretrained
from experiments.label_efficiency.summary import estimate
from experiments.real.data_sets import RECORDINGS, featurized
from stages.lib.cards.markdown import table
from stages.lib.feature_store import EMBEDDING, load_clips, recordings_of
from stages.lib.model.probe import train_probe
from stages.lib.runtime.running import run
from stages.lib.tables.clips import CALL
from tools.lib.command_parser import command_parser

LABELS = (16, 32, 100, 200, 1254)
HEAD = ("labels", "accuracy", "AUC", "seconds per training", "inverse strengths chosen")


def measured(
    embeddings: np.ndarray, is_call: np.ndarray, recordings: Sequence[str], label_count: int, seed: int
) -> tuple[float, float, float, float]:
    """Train on drawn clips; return accuracy and AUC on the others, training seconds, and the chosen strength."""
    from sklearn.metrics import roc_auc_score

    order = np.random.default_rng(seed).permutation(len(is_call))
    drawn, others = order[:label_count], order[label_count:]
    start = time.perf_counter()
    trained = train_probe(
        embeddings[drawn], is_call[drawn], np.ones(label_count), [recordings[position] for position in drawn]
    )
    seconds = time.perf_counter() - start
    log_odds = trained.probe.log_odds(embeddings[others])
    accuracy = float(np.mean((log_odds > 0) == is_call[others]))
    return accuracy, float(roc_auc_score(is_call[others], log_odds)), seconds, trained.probe.strength


def main() -> None:
    """Measure a data set with each number of labels."""
    parser = command_parser(__doc__)
    parser.add_argument("dataset", help=f"folder in {RECORDINGS}")
    parser.add_argument("--speeds", type=float, nargs="+", help="playback speeds (default: speeds of the data set)")
    parser.add_argument(
        "--labels",
        type=int,
        nargs="+",
        default=LABELS,
        help=f"numbers of labels (default: {' '.join(map(str, LABELS))})",
    )
    parser.add_argument("--seeds", type=at_least(1), default=5, help="number of draws of labels (default: 5)")
    options = parser.parse_args()
    exit_without(RECORDINGS / options.dataset)
    exit_without_pretrained([PROBE])
    speeds = {"featurize": {"views": list(KINDS[PROBE]), "speeds": options.speeds}} if options.speeds else {}
    features, clips = featurized(options.dataset, speeds)
    clip_ids = [clip.clip_id for clip in clips]
    embeddings, recordings = load_clips(features, clip_ids, EMBEDDING), recordings_of(features, clip_ids)
    is_call = np.array([clip.label == CALL for clip in clips])
    print(*table(HEAD, []), sep="\n")
    for count in options.labels:
        results = [measured(embeddings, is_call, recordings, count, seed) for seed in range(options.seeds)]
        accuracy, area, seconds, strengths = zip(*results, strict=True)
        measures = (f"{mean:.3f} ({low:.3f} to {high:.3f})" for mean, low, high in map(estimate, (accuracy, area)))
        chosen = " ".join(f"{strength:g}" for strength in sorted(strengths))
        row = (str(count), *measures, f"{np.mean(seconds):.1f}", chosen)
        print(table(HEAD, [row])[-1], flush=True)


if __name__ == "__main__":
    run(main)
