"""Run one strategy on one data set: ask for labels round by round, and measure the model of each round."""

import argparse
from collections.abc import Iterable, Mapping
from itertools import zip_longest
from typing import NamedTuple

import numpy as np

from experiments.label_efficiency.choosing import choose, confident_labels
from experiments.label_efficiency.draw import Draw, draw
from experiments.label_efficiency.learning import learn
from experiments.label_efficiency.oracle import Oracle
from experiments.label_efficiency.run_table import EXPERTS, EXPERTS_AND_MODEL, Result, write_results
from experiments.label_efficiency.settings import ASKED, FEATURES, RUNS, Band, Kind, Steps, read_settings
from experiments.views import with_views
from stages.lib.feature_store import Features, open_features
from stages.lib.measures.measures import measure
from stages.lib.model.calibration import probability
from stages.lib.model.model_folder import Model
from stages.lib.model.scoring import calibrated_log_odds
from stages.lib.query.strategies import STRATEGIES
from stages.lib.runtime.params import read_params
from stages.lib.runtime.running import run
from stages.lib.runtime.table import write_table
from stages.lib.tables.clips import CALL, read_clips
from stages.lib.training.inputs import TrainParams


class Recipe(NamedTuple):
    """The settings that all rounds of a run share.

    Attributes
    ----------
    strategy : str
    label_counts : list of int
        Number of labels in each round.
    params : TrainParams
    steps : Steps
    band : Band
    """

    strategy: str
    label_counts: list[int]
    params: TrainParams
    steps: Steps
    band: Band


def run_rounds(
    features: Features, labels: Mapping[str, str], drawn: Draw, kind: Kind, recipe: Recipe
) -> tuple[list[Result], list[tuple[str, str, int]]]:
    """Ask for labels, train and measure, until all labels are used.

    As in the pipeline, each round trains a model on the experts' labels alone. This model chooses the next clips to ask
    about. A second model also learns from the confident labels of the first; it is measured and discarded. So both
    kinds of training labels use the same answers.

    Parameters
    ----------
    features : Features
        Features with the views of this kind of model.
    labels : mapping
        From clip id to `call` or `nocall`, for all clips.
    drawn : Draw
    kind : Kind
    recipe : Recipe

    Returns
    -------
    results : list of Result
    asked : list of tuple
        For each label asked for: clip id, `train` or `valid`, and the number of labels in that round.
    """
    oracle = Oracle({clip_id: labels[clip_id] for clip_id in (*drawn.start, *drawn.valid, *drawn.candidates)})
    test = {clip_id: labels[clip_id] for clip_id in drawn.test}
    candidates, chosen = list(drawn.candidates), list(drawn.start)
    results, asked = [], []
    for label_count, next_count in zip_longest(recipe.label_counts, recipe.label_counts[1:]):
        held_out = drawn.valid[: kind.valid_of(label_count)]
        waiting = [clip_id for clip_id in held_out if clip_id not in oracle.answers]
        oracle.ask([*chosen, *waiting])
        asked += [(clip_id, "train", label_count) for clip_id in chosen]
        asked += [(clip_id, "valid", label_count) for clip_id in waiting]

        train, valid = parted(oracle.answers, held_out)
        model = learn(features, train, valid, recipe.params, steps=recipe.steps)
        results.append(Result(label_count, EXPERTS, *measured(model, features, test), 0, 0))

        log_odds = calibrated_log_odds(model, features, candidates)
        if label_count <= kind.model_labels_until:
            own = confident_labels(candidates, probability(log_odds, 1.0), recipe.band)
            # Both models use the same normalisation, as in the pipeline.
            second = learn(
                features,
                {**train, **own},
                valid,
                recipe.params,
                steps=recipe.steps,
                normalisation=model.normalisation,
                by_model=own,
            )
            measures = measured(second, features, test)
            results.append(Result(label_count, EXPERTS_AND_MODEL, *measures, len(own), oracle.count_wrong(own)))
        if next_count:
            chosen = choose(
                recipe.strategy,
                model,
                features,
                candidates,
                log_odds,
                calls=[clip_id for clip_id, label in train.items() if label == CALL],
                count=next_count - label_count - (kind.valid_of(next_count) - len(held_out)),
                seed=recipe.params.seed,
                band=recipe.band,
            )
            candidates = sorted(set(candidates) - set(chosen))
    return results, asked


def parted(answers: dict[str, str], held_out: Iterable[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Divide answers into training labels and held-out labels."""
    valid = {clip_id: answers[clip_id] for clip_id in held_out}
    return {clip_id: label for clip_id, label in answers.items() if clip_id not in valid}, valid


def measured(model: Model, features: Features, test: dict[str, str]) -> tuple[float, float]:
    """Return accuracy and area under the ROC curve on the test clips."""
    is_call = np.array([label == CALL for label in test.values()])
    measures = measure(is_call, calibrated_log_odds(model, features, list(test)), np.arange(len(test)))
    return measures["accuracy"], measures["roc_auc"]


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kind", required=True, choices=("network", "probe"), help="kind of model")
    parser.add_argument("--dataset", required=True, help="one of `sources`, with its features computed")
    parser.add_argument("--strategy", required=True, choices=STRATEGIES)
    parser.add_argument("--seed", required=True, type=int, help="seed of the split, first labels and initial weights")
    return parser.parse_args()


def main() -> None:
    """Run one kind of model with one strategy and one seed, and write the results."""
    arguments = parse_arguments()
    settings = read_settings()
    kind, source = settings.kinds[arguments.kind], settings.sources[arguments.dataset]
    params = read_params("train", TrainParams).model_copy(update={"seed": arguments.seed})
    features = with_views(open_features(FEATURES / arguments.dataset), kind.views)
    clips = read_clips(features.folder / "clips.csv")
    recipe = Recipe(arguments.strategy, kind.labels[arguments.dataset], params, settings.steps, settings.band)
    drawn = draw(clips, source, recipe.label_counts, kind.valid_of, arguments.seed)
    labels = {clip.clip_id: clip.label for clip in clips}
    results, asked = run_rounds(features, labels, drawn, kind, recipe)
    name = f"{arguments.kind}-{arguments.strategy}-{arguments.seed}.csv"
    write_results(RUNS / arguments.dataset / name, results)
    write_table(ASKED / arguments.dataset / name, ("clip_id", "part", "labels"), asked)


if __name__ == "__main__":
    run(main)
