"""The pipeline on real recordings, in a temporary clone: `make real`.

For each split seed: the baseline, the retrained model without any expert label, and the retrained model after the
published label of each queued clip was given as an expert's answer.
"""

import argparse
import json
import shutil
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml
from tqdm import tqdm

from experiments.clone import REPOSITORY, clone, commit, hold_out_again, overlay, repro
from experiments.command import add_overlay, exit_without, results_parser
from experiments.label_efficiency.summary import estimate
from experiments.page_section import publish
from experiments.spread import mean_and_deviation
from stages.lib.intervals.bootstrap import p_text
from stages.lib.runtime.atomic_write import write_text
from stages.lib.runtime.table import read_table, write_table
from stages.lib.tables.clips import COLUMNS, read_clips
from tools.answer_queue import answer_queue
from tools.lib.recordings.same_sound import known_sound

RECORDINGS = REPOSITORY.parent / "shared" / "real"
OVERLAYS = Path(__file__).parent
DATASETS = ("right_whale", "orca")
ANNOTATOR = "published-labels"
SECTION = "make real"
MEASURES = ("accuracy", "sensitivity", "specificity", "roc_auc")


def run_dataset(dataset: str, seeds: Sequence[int], changes: Mapping, folder: Path) -> list[dict]:
    """Run the loop once for each split seed; return one result a seed."""
    clone_for(dataset, folder)
    overlay(folder / "params.yaml", changes)
    truth = {clip.clip_id: clip.label for clip in read_clips(folder / "data" / dataset / "clips.csv")}
    empty = (folder / "labels" / "expert.csv").read_text(encoding="utf-8").splitlines()[0] + "\n"
    results = []
    for seed in tqdm(seeds, desc=dataset, unit="seed", disable=None):
        overlay(folder / "params.yaml", {"split": {"seed": seed}})
        hold_out_again(folder)
        write_text(folder / "labels" / "expert.csv", empty)
        repro(folder)
        unanswered = read_metrics(folder)
        answer_queue(folder, truth, ANNOTATOR)
        commit(folder, f"Answer the queue of seed {seed}")
        repro(folder)
        results.append({"seed": seed, "unanswered": unanswered, "answered": read_metrics(folder)})
    return results


def clone_for(dataset: str, folder: Path) -> None:
    """Clone the repository into a folder that does not exist, with a real data set and the params for it."""
    clone(folder)
    shutil.copytree(RECORDINGS / dataset, folder / "data" / dataset, copy_function=shutil.copyfile)
    # Folders are copied with their permissions, and the source may be read-only.
    for path in [folder / "data" / dataset, *(folder / "data" / dataset).rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    drop_repeats(folder / "data" / dataset)
    overlay(folder / "params.yaml", yaml.safe_load((OVERLAYS / f"{dataset}.yaml").read_text(encoding="utf-8")))


def drop_repeats(folder: Path) -> None:
    """Remove the recordings of a data set that hold the same bytes as another one, and their clips."""
    repeats, table = repeats_in(folder), folder / "clips.csv"
    rows = [row.cells for row in read_table(table, COLUMNS)]
    write_table(
        table, COLUMNS, [tuple(cells[name] for name in COLUMNS) for cells in rows if cells["recording"] not in repeats]
    )
    for name in repeats:
        (folder / "recordings" / name).unlink()


def repeats_in(folder: Path) -> set[str]:
    """Return the recordings of a data set that hold the same bytes as another one."""
    names = {clip.recording for clip in read_clips(folder / "clips.csv")}
    return set(known_sound({name: folder / "recordings" / name for name in names}, []))


def read_metrics(folder: Path) -> dict:
    """Read the committed metrics of a clone."""
    return {
        name: json.loads((folder / "metrics" / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("pool", "labels", "evaluation")
    }


def results_table(dataset: str, results: Sequence[dict]) -> str:
    """Return the results of a data set as Markdown."""
    lines = [
        f"### {dataset}",
        "",
        "| split seed | model | accuracy (95 % interval) | sensitivity | specificity | AUC "
        "| uncertain clips | wrong model labels |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for result in results:
        for name, measures in models(result).items():
            interval = measures["intervals"]["accuracy"]
            lines.append(
                f"| {result['seed']} | {name} | {measures['accuracy']:.3f} ({interval['low']:.3f} to "
                f"{interval['high']:.3f}) | {measures['sensitivity']:.3f} | {measures['specificity']:.3f} | "
                f"{measures['roc_auc']:.3f} | {pool_cell(result, name)} | {error_cell(result, name)} |"
            )
    for name in models(results[0]):
        columns = [[models(result)[name][measure] for result in results] for measure in MEASURES]
        cells = " | ".join(mean_and_deviation(column, 3) for column in columns)
        lines.append(f"| **mean** | {name} | {cells} | | |")
    return "\n".join([*lines, "", majority_line(results), "", change_lines(results), ""])


def models(result: Mapping) -> dict[str, dict]:
    """Return the measures of the three models of a seed."""
    return {
        "baseline": result["unanswered"]["evaluation"]["before"],
        "retrained, queue unanswered": result["unanswered"]["evaluation"]["after"],
        "retrained, queue answered": result["answered"]["evaluation"]["after"],
    }


def pool_cell(result: Mapping, name: str) -> str:
    """Return the uncertain clips of the pool, in the row of the model that was uncertain."""
    pool = result["unanswered"]["pool"]
    return f"{pool['uncertain']} of {pool['pool']}" if name == "baseline" else ""


def error_cell(result: Mapping, name: str) -> str:
    """Return the errors among the labels that the baseline gave."""
    error = result["unanswered"]["labels"]["model_error"]["all"]
    return f"{error['wrong']} of {error['checked']}" if name == "baseline" else ""


def majority_line(results: Sequence[dict]) -> str:
    """Say how right one is who always names the more frequent class, and how much more often the baseline is."""
    shares, gains = [], []
    for result in results:
        before = result["unanswered"]["evaluation"]["before"]
        supports = [before[name]["support"] for name in ("calls", "nocalls")]
        shares.append(max(supports) / sum(supports))
        gains.append(before["accuracy"] - shares[-1])
    line = f"Majority class of the same test clips: {statistics.mean(shares):.3f}."
    if len(results) > 1:
        gain = estimate(gains)
        line += (
            f" The baseline's accuracy less that: {gain.mean:+.3f} (95 % interval over the seeds "
            f"{gain.low:+.3f} to {gain.high:+.3f}, Student's t)."
        )
    return line


def change_lines(results: Sequence[dict]) -> str:
    """Say for each seed what the answers were worth against the baseline."""
    lines = ["Change in accuracy from the baseline to the retrained model, queue answered (paired bootstrap):", ""]
    for result in results:
        change = result["answered"]["evaluation"]["change"]
        interval = change["intervals"]["accuracy"]
        lines.append(
            f"- seed {result['seed']}: {change['accuracy']:+.3f}, 95 % interval {interval['low']:+.3f} to "
            f"{interval['high']:+.3f}, permutation test {p_text(change['permutation_p'])}"
        )
    return "\n".join(lines)


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = results_parser(__doc__, seed_count=5)
    parser.add_argument("datasets", nargs="*", default=DATASETS, metavar="DATASET", help=f"of {', '.join(DATASETS)}")
    add_overlay(parser)
    return parser.parse_args()


def main() -> None:
    """Run the data sets and print the results, or put them in a page."""
    arguments = parse_arguments()
    exit_without(RECORDINGS)
    with tempfile.TemporaryDirectory() as folder:
        tables = [
            results_table(
                dataset, run_dataset(dataset, range(arguments.seeds), arguments.overlay, Path(folder) / dataset)
            )
            for dataset in arguments.datasets
        ]
    publish("\n".join(tables), SECTION, arguments.page)


if __name__ == "__main__":
    main()
