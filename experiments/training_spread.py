"""How much an accuracy depends on chance in training: `python -m experiments.training_spread`, in temporary clones.

The queue is answered with the labels of the data set. Then the model is retrained several times with a different answer
changed to `unsure` each time, and several times with the same labels and different training seeds.
"""

import argparse
import statistics
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from experiments.clone import clone, commit, hold_out_again, overlay, repro
from experiments.command import add_datasets, add_overlay, at_least, exit_without, results_parser
from experiments.page_section import publish
from experiments.real.data_sets import RECORDINGS
from experiments.real.run import ANNOTATOR, clone_for, read_metrics
from stages.lib.cards.markdown import table
from stages.lib.runtime.params import SYNTHETIC
from stages.lib.runtime.table import read_table
from stages.lib.tables.clips import read_clips
from stages.lib.tables.expert import COLUMNS, EXPERT, UNSURE, write_rows
from tools.answer_queue import answer_queue

DATASETS = (SYNTHETIC, "right_whale")
SECTION = "training spread"


class Retrained(NamedTuple):
    """The accuracy of a retrained model, and the training spread in its metrics."""

    accuracy: float
    stated_spread: float | None


class Trained(NamedTuple):
    """Results with all answers, with one answer changed, and with other seeds."""

    answers: int
    first: Retrained
    changed: list[Retrained]
    seeded: list[Retrained]


def retrained(folder: Path, *arguments: str) -> Retrained:
    """Run `dvc repro` in a clone, and read the results of the retrained model."""
    repro(folder, *arguments)
    after = read_metrics(folder)["evaluation"]["after"]
    return Retrained(after["accuracy"], after["training_spread"]["accuracy"])


def run_dataset(folder: Path, dataset: str, seed_count: int, change_count: int) -> Trained:
    """Retrain the model in a clone with changed answers and with other seeds."""
    repro(folder)
    truth = {clip.clip_id: clip.label for clip in read_clips(folder / "data" / dataset / "clips.csv")}
    answer_queue(folder, truth, ANNOTATOR)
    commit(folder, "Answer the queue")
    first = retrained(folder)
    rows = read_table(folder / EXPERT, COLUMNS)
    changed = []
    drawn = np.random.default_rng(0).permutation(len(rows))[:change_count]
    for position in tqdm(drawn, desc="answers", unit="training", disable=None):
        unsure = rows[position]._replace(cells=rows[position].cells | {"label": UNSURE})
        write_rows(folder / EXPERT, [*rows[:position], unsure, *rows[position + 1 :]])
        changed.append(retrained(folder))
    write_rows(folder / EXPERT, rows)
    repro(folder, "merge_labels")
    seeded = []
    for seed in tqdm(range(seed_count), desc="seeds", unit="training", disable=None):
        # Only the retrained model gets the new seed, so that the labels stay the same.
        overlay(folder / "params.yaml", {"train": {"seed": seed}})
        seeded.append(retrained(folder, "--single-item", "retrain", "evaluate"))
    return Trained(len(rows), first, changed, seeded)


def results_table(dataset: str, outcome: Trained) -> str:
    """Return the results of a data set as Markdown."""
    seeds = [of_seed.accuracy for of_seed in outcome.seeded]
    stated = [of_seed.stated_spread for of_seed in outcome.seeded if of_seed.stated_spread is not None]
    moves = [abs(of_change.accuracy - outcome.first.accuracy) for of_change in outcome.changed]
    rows = [
        (f"accuracy, mean over {len(seeds)} training seeds", f"{statistics.mean(seeds):.4f}"),
        ("standard deviation over these seeds", f"{statistics.stdev(seeds):.4f}"),
        ("standard deviation stated in the metrics, mean", f"{statistics.mean(stated):.4f}" if stated else "nothing"),
        (f"change by one answer of {outcome.answers}, mean of {len(moves)}", f"{statistics.mean(moves):.4f}"),
        ("change by one answer, maximum", f"{max(moves):.4f}"),
    ]
    return "\n".join([f"### {dataset}", "", *table(("", "retrained model"), rows), ""])


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = results_parser(__doc__, SECTION, seed_count=10, fewest=2)
    add_datasets(parser, DATASETS)
    parser.add_argument(
        "--changes", type=at_least(1), default=20, help="number of answers to change, one per training (default: 20)"
    )
    add_overlay(parser)
    return parser.parse_args()


def main() -> None:
    """Run the data sets and print the results, or put them in a page."""
    arguments = parse_arguments()
    if set(arguments.datasets) - {SYNTHETIC}:
        exit_without(RECORDINGS)
    tables = []
    with tempfile.TemporaryDirectory() as temporary:
        for dataset in arguments.datasets:
            folder = Path(temporary) / dataset
            if dataset == SYNTHETIC:
                clone(folder)
            else:
                clone_for(dataset, folder)
                hold_out_again(folder)
            overlay(folder / "params.yaml", arguments.overlay)
            tables.append(results_table(dataset, run_dataset(folder, dataset, arguments.seeds, arguments.changes)))
    publish("\n".join(tables), SECTION, arguments.page)


if __name__ == "__main__":
    main()
