"""Time and memory of the stages that only read and write tables, on a large pool: `python -m benchmarks.tables`.

The pool has 1,000,000 clips of 10,000 recordings (`--clips` for another number, at 100 a recording); 2,000 clips more
have labels. Each stage runs in a process of its own. `score_pool` runs without the network, on scores drawn at random.
"""

import argparse
import contextlib
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.machine import machine_line
from stages import merge_labels, score_pool, split
from stages.lib.runtime.params import read_params
from stages.lib.runtime.table import write_table
from stages.lib.tables.expert import COLUMNS as EXPERT_COLUMNS
from stages.lib.tables.expert import EXPERT
from stages.lib.tables.settled import SETTLED, write_settled
from stages.lib.tables.split import read_split
from tools.lib.split.hold_out import hold_out

CLIPS_A_RECORDING = 100
LABELLED_RECORDINGS = 20
PARAMS = """\
data:
  dataset: large
featurize:
  clip_s: 3.0
split:
  seed: 1
  group_by: recording
  train: 1000
  valid: 200
  pool: 200
  test: 200
score_pool:
  low: 0.4
  high: 0.6
  strategy: band
  budget: 200
  audit: 10
merge_labels:
  model_labels:
    use: true
    weight: 1.0
    highest_error: 0.5
"""


def write_inputs(folder: Path, clip_count: int) -> None:
    """Write what the stages read: params, clips.csv and tables of labels without rows."""
    (folder / "params.yaml").write_text(PARAMS)
    rows = []
    for number in range(LABELLED_RECORDINGS + clip_count // CLIPS_A_RECORDING):
        stem = f"OS_{number:08d}"
        for position in range(CLIPS_A_RECORDING):
            label = ("nocall", "call")[position % 2] if number < LABELLED_RECORDINGS else ""
            rows.append((f"{stem}_{3000 * position:07d}", f"{stem}.flac", 3.0 * position, label, "orcasound_lab"))
    write_table(folder / "data" / "large" / "clips.csv", ("clip_id", "recording", "start_s", "label", "site"), rows)
    write_table(folder / EXPERT, EXPERT_COLUMNS, [])
    write_settled(folder / SETTLED, [])
    with contextlib.chdir(folder):
        hold_out()


def tables_of_score_pool() -> None:
    """Do what `score_pool` does, on scores drawn at random."""
    params = read_params("score_pool", score_pool.PoolParams)
    clip_ids = [clip.clip_id for clip in read_split() if clip.part == "pool"]
    log_odds = np.random.default_rng(0).logistic(size=len(clip_ids))
    score_pool.write_outputs(*score_pool.decide_and_queue(clip_ids, log_odds, lambda: None, params))


STAGES = {"split": split.main, "score_pool": tables_of_score_pool, "merge_labels": merge_labels.main}


def measured(work: Callable[[], None], folder: Path) -> tuple[float, float, int]:
    """Do some work in a folder, in a process of its own; return its seconds, those of the processor, and its memory.

    The memory is the peak, in bytes.
    """
    start = time.perf_counter()
    process = os.fork()
    if not process:
        with contextlib.chdir(folder):
            work()
        os._exit(0)
    _, status, usage = os.wait4(process, 0)
    if status:
        sys.exit("the work has failed")
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def main() -> None:
    """Run the stages and print what they took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=1_000_000, help="in the pool")
    clip_count = parser.parse_args().clips
    print(machine_line("numpy"))
    with TemporaryDirectory() as parent:
        folder = Path(parent)
        measured(lambda: write_inputs(folder, clip_count), folder)
        for name, work in STAGES.items():
            took_s, processor_s, peak = measured(work, folder)
            print(
                f"{name:13} {clip_count} clips: {took_s:6.1f} s, of which the processor {processor_s:.1f} s; "
                f"{peak / 2**20:.0f} MiB",
                flush=True,
            )


if __name__ == "__main__":
    main()
