"""How much a review of detections improves a model: `python -m experiments.field.run --page docs/results.md`.

A model is trained on 1,394 right-whale clips and scores ten long recordings of two sites. Windows of one half of the
recordings are drawn and answered with the published annotations. The model is trained again on the clips and the
answers, and measured on the other half. Scores are stored in .cache/field; delete this folder to train again.
"""

import argparse
from collections.abc import Sequence

import numpy as np
from tqdm import tqdm

from experiments.command import exit_without, results_parser
from experiments.detection.measures import Detected
from experiments.detection.run import LONG_RECORDINGS
from experiments.field.coverage import Tally, simulated_review, truth_of
from experiments.field.outcome import outcome
from experiments.field.section import elsewhere_table, seed_table, trust_table, worth_table
from experiments.field.sound import FieldData, open_field_data, overlaps_any
from experiments.field.study import (
    NOTHING,
    SUREST,
    UNCERTAIN,
    Review,
    candidates_in,
    drawn_clips,
    halves,
    is_call_of,
    scores_with,
)
from experiments.kinds import BOTH, NETWORK, PROBE, exit_without_pretrained
from experiments.page_section import publish

SECTION = "field"
COUNTS, WEIGHT = (50, 100, 200), 5.0
FEW = [NOTHING, Review(0, 100, WEIGHT)]
REVIEWS = {
    PROBE: [
        NOTHING,
        *(Review(0, count, WEIGHT) for count in COUNTS),
        Review(0, 100, 1.0),
        Review(0, 100, WEIGHT, SUREST),
        Review(0, 100, WEIGHT, UNCERTAIN),
        NOTHING._replace(half=1),
        Review(1, 100, WEIGHT),
        Review(1, 100, WEIGHT, SUREST),
    ],
    BOTH: [*FEW, Review(0, 100, WEIGHT, SUREST)],
    NETWORK: FEW,
}
DRAWS, THRESHOLDS = 100, (0.5, 0.9, 0.98)


def known_measures(data: FieldData, review: Review, seed: int) -> tuple[float, float, float]:
    """Return the area under the ROC curve, sensitivity and specificity on the published clips that were not drawn."""
    from sklearn.metrics import roc_auc_score

    is_call = is_call_of(drawn_clips(data, seed)[2])
    log_odds = scores_with(data, seed, review).of_known
    called = log_odds > 0
    return float(roc_auc_score(is_call, log_odds)), float(called[is_call].mean()), float((~called)[~is_call].mean())


def outcomes_of(data: FieldData, reviews: Sequence[Review], seeds: Sequence[int]) -> dict[Review, list[Detected]]:
    """Return the outcomes of each review on the half that was not reviewed, one per seed."""
    found: dict[Review, list[Detected]] = {review: [] for review in reviews}
    for seed in tqdm(seeds, desc="field", unit="seed", disable=None):
        for review in reviews:
            found[review].append(outcome(data, scores_with(data, seed, review), halves(data)[1 - review.half]))
    return found


def trust_in(data: FieldData, half: int, count: int, seeds: Sequence[int]) -> Tally:
    """Draw windows of one half many times, and count the intervals of the field report that contain the truth."""
    names, tally = halves(data)[half], Tally()
    hours = sum(data.hours[name] for name in names)
    for seed in seeds:
        windows = candidates_in(data, scores_with(data, seed), names)
        is_call = [overlaps_any(one.start_s, data.clip_s, data.calls[one.recording]) for one in windows]
        p_call = np.array([one.p_call for one in windows])
        truths = {threshold: truth_of(p_call, np.array(is_call), hours, threshold) for threshold in THRESHOLDS}
        for number in range(DRAWS):
            answers = dict(zip(windows, is_call, strict=True))
            sample = simulated_review(windows, answers, hours, count, f"{seed}-{number}")
            for threshold, truth in truths.items():
                tally.add(sample, threshold, [truth])
    return tally


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = results_parser(__doc__, SECTION, seed_count=5)
    parser.add_argument(
        "--kinds",
        nargs="+",
        choices=REVIEWS,
        default=[PROBE],
        help=f"kinds of models; a network takes minutes per training (default: {PROBE})",
    )
    return parser.parse_args()


def main() -> None:
    """Run the kinds of models and print the results, or put them in a page."""
    arguments = parse_arguments()
    exit_without(LONG_RECORDINGS)
    exit_without_pretrained(arguments.kinds)
    seeds = range(arguments.seeds)
    outcomes, known, tallies, sites = {}, {}, {}, {}
    for kind in arguments.kinds:
        data = open_field_data(kind)
        sites = {half: [data.windows[name][0].site for name in halves(data)[1 - half]] for half in (0, 1)}
        for review, of_seeds in outcomes_of(data, REVIEWS[kind], seeds).items():
            outcomes[kind, review] = of_seeds
            known[kind, review] = [known_measures(data, review, seed) for seed in seeds]
        if kind == arguments.kinds[0]:
            tallies = {(half, count): trust_in(data, half, count, seeds) for half in (0, 1) for count in COUNTS}
    text = "\n".join(
        [
            *worth_table(outcomes),
            "",
            *seed_table(outcomes),
            "",
            *elsewhere_table(outcomes, sites, known),
            "",
            f"Intervals of the field report on the half that was reviewed, {DRAWS * len(seeds)} draws:",
            "",
            *trust_table(tallies, THRESHOLDS),
        ]
    )
    publish(text, SECTION, arguments.page)


if __name__ == "__main__":
    main()
