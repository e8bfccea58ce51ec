"""The pipeline on real recordings with each kind of model, in a temporary clone: `make real`.

Three models are measured for each split seed: the baseline, the retrained model without expert labels, and the model
retrained after the published labels of the queued clips are added as an expert's answers.
"""

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tqdm import tqdm

from experiments.clone import clone, commit, copy_pretrained, hold_out_again, overlay, repro
from experiments.command import add_datasets, add_overlay, exit_without, results_parser
from experiments.kinds import add_kinds, exit_without_pretrained, overlay_of
from experiments.overlays import read_overlay
from experiments.page_section import publish
from experiments.real.data_sets import OVERLAYS, RECORDINGS, repeats_in
from experiments.real.section import results_table
from stages.lib.runtime.table import read_table, write_table
from stages.lib.tables.clips import COLUMNS, read_clips
from stages.lib.tables.expert import EXPERT, write_rows
from tools.answer_queue import answer_queue

DATASETS = ("right_whale", "orca")
ANNOTATOR = "published-labels"
SECTION = "make real"


def run_dataset(
    dataset: str, kinds: Sequence[str], seeds: Sequence[int], changes: Mapping, folder: Path
) -> dict[str, list[dict]]:
    """Run the loop with each kind of model and split seed; return one result per seed for each kind."""
    clone_for(dataset, folder)
    copy_pretrained(folder)
    overlay(folder / "params.yaml", changes)
    results = {}
    for kind in kinds:
        overlay(folder / "params.yaml", overlay_of([kind]))
        progress = tqdm(seeds, desc=f"{dataset}, {kind}", unit="seed", disable=None)
        results[kind] = [run_seed(dataset, seed, folder) for seed in progress]
    return results


def run_seed(dataset: str, seed: int, folder: Path) -> dict:
    """Run the loop in a clone for one split seed."""
    truth = {clip.clip_id: clip.label for clip in read_clips(folder / "data" / dataset / "clips.csv")}
    overlay(folder / "params.yaml", {"split": {"seed": seed}})
    hold_out_again(folder)
    write_rows(folder / EXPERT, [])
    repro(folder)
    unanswered = read_metrics(folder)
    answer_queue(folder, truth, ANNOTATOR)
    commit(folder, f"Answer the queue of seed {seed}")
    repro(folder)
    return {"seed": seed, "unanswered": unanswered, "answered": read_metrics(folder)}


def clone_for(dataset: str, folder: Path) -> None:
    """Clone the repository into a new folder, with a real data set and its params."""
    clone(folder)
    shutil.copytree(RECORDINGS / dataset, folder / "data" / dataset, copy_function=shutil.copyfile)
    # The copied folders keep their permissions, and the source may be read-only.
    for path in [folder / "data" / dataset, *(folder / "data" / dataset).rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    drop_repeats(folder / "data" / dataset)
    overlay(folder / "params.yaml", read_overlay(OVERLAYS / f"{dataset}.yaml"))


def drop_repeats(folder: Path) -> None:
    """Remove recordings with the same bytes as another one from a data set, and their clips."""
    repeats, table = repeats_in(folder), folder / "clips.csv"
    rows = [row.cells for row in read_table(table, COLUMNS)]
    write_table(
        table, COLUMNS, [tuple(cells[name] for name in COLUMNS) for cells in rows if cells["recording"] not in repeats]
    )
    for name in repeats:
        (folder / "recordings" / name).unlink()


def read_metrics(folder: Path) -> dict:
    """Read the metrics of a clone."""
    return {
        name: json.loads((folder / "metrics" / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("pool", "labels", "evaluation")
    }


def main() -> None:
    """Run the data sets and print the results, or put them in a page."""
    parser = results_parser(__doc__, SECTION, seed_count=5)
    add_datasets(parser, DATASETS)
    add_kinds(parser)
    add_overlay(parser)
    arguments = parser.parse_args()
    exit_without(RECORDINGS)
    exit_without_pretrained(arguments.kinds)
    seeds, tables = range(arguments.seeds), []
    with tempfile.TemporaryDirectory() as folder:
        for dataset in arguments.datasets:
            results = run_dataset(dataset, arguments.kinds, seeds, arguments.overlay, Path(folder) / dataset)
            tables.append(results_table(dataset, results))
    publish("\n".join(tables), SECTION, arguments.page)


if __name__ == "__main__":
    main()
