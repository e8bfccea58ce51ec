"""What few labels are worth with a probe on a pretrained model: `python -m experiments.probe right_whale`.

For each seed some clips are drawn at random and their labels learnt from; every other clip measures what came of it.
The pretrained model has to be there: `make birdnet`, then `python -m tools.add_pretrained birdnet`.
"""

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from experiments.command import exit_without
from experiments.label_efficiency.features import overlaid, write_features
from experiments.label_efficiency.summary import estimate
from experiments.real.run import OVERLAYS, RECORDINGS, repeats_in
from stages.lib.cards.markdown import table
from stages.lib.feature_store import EMBEDDING, Features, load_clips, open_features, recordings_of
from stages.lib.features.feature_params import FeatureParams
from stages.lib.features.views import chosen_model
from stages.lib.model.probe import train_probe
from stages.lib.runtime.running import run
from stages.lib.tables.clips import CALL, Clip, read_clips

FOLDER = Path(".cache/probe")
HEAD = ("labels", "accuracy", "AUC", "seconds a training", "inverse strengths chosen")


def featurized(dataset: str, pretrained: str, speeds: Sequence[float]) -> tuple[Features, list[Clip]]:
    """Return the embeddings of a data set, computed unless they are there, and its clips, each sound once."""
    params = overlaid("featurize", FeatureParams, OVERLAYS / f"{dataset}.yaml").model_dump()
    params |= {"views": [EMBEDDING], "pretrained": pretrained, "speeds": list(speeds)}
    params = FeatureParams.model_validate(params)
    folder = FOLDER / "-".join([dataset, pretrained, *map(str, params.speeds)])
    made_with = {"params": params.model_dump(mode="json"), "pretrained": chosen_model(params).model_dump()}
    there = folder / "features.json"
    if not there.exists() or not made_with.items() <= json.loads(there.read_text(encoding="utf-8")).items():
        start = time.perf_counter()
        write_features(folder, RECORDINGS / dataset, params)
        print(f"{len(open_features(folder).places)} clips embedded in {time.perf_counter() - start:.0f} s")
    repeats = repeats_in(RECORDINGS / dataset)
    return open_features(folder), [clip for clip in read_clips(folder / "clips.csv") if clip.recording not in repeats]


def measured(
    embeddings: np.ndarray, is_call: np.ndarray, recordings: Sequence[str], label_count: int, seed: int
) -> tuple[float, float, float, float]:
    """Return accuracy and AUC on the clips that were not drawn, the seconds of training, and the strength chosen."""
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
    """Measure a data set with some numbers of labels."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", help=f"a folder of {RECORDINGS}")
    parser.add_argument("--pretrained", default="birdnet", help="a folder of models/pretrained (birdnet)")
    parser.add_argument("--speeds", type=float, nargs="+", default=[8.0], help="of playback (8)")
    parser.add_argument("--labels", type=int, nargs="+", default=[16, 32, 100, 200, 1254], help="how many")
    parser.add_argument("--seeds", type=int, default=5, help="draws of labels (5)")
    options = parser.parse_args()
    exit_without(RECORDINGS / options.dataset)
    features, clips = featurized(options.dataset, options.pretrained, options.speeds)
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
