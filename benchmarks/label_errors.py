"""Count how many planted label errors are found, and how early in the list: `python -m benchmarks.label_errors`.

The benchmark flips 5 % of the labels of the data set in use, in memory only. Then it looks for these errors as
`python -m tools.find_label_errors` does. Run the pipeline first.
"""

import time

from benchmarks.machine import machine_line
from stages.lib.runtime.running import run
from stages.lib.tables.clips import CALL, NOCALL
from tools.find_label_errors import FOLDS, find_label_errors
from tools.lib.command_parser import command_parser
from tools.lib.label_errors.labels_in_force import read_labels_in_force

SHARE, SEED = 0.05, 0
FIRST = (20, 60)
OTHER = {CALL: NOCALL, NOCALL: CALL}


def main() -> None:
    """Plant errors, look for them, and print how many are among the first doubtful clips and among all."""
    command_parser(__doc__).parse_args()
    import numpy as np  # Imported here, because `stages` must be imported first.

    clips = read_labels_in_force()
    planted = np.random.default_rng(SEED).choice(len(clips), round(SHARE * len(clips)), replace=False).tolist()
    for position in planted:
        clips[position] = clips[position]._replace(label=OTHER[clips[position].label])
    start = time.perf_counter()
    errors = find_label_errors(clips, FOLDS)
    seconds = time.perf_counter() - start
    is_planted = [error.clip_id in {clips[position].clip_id for position in planted} for error in errors]
    print(machine_line("tensorflow", "cleanlab", "scikit-learn"))
    print(f"{len(planted)} of {len(clips)} labels flipped; {FOLDS} folds took {seconds:.0f} s")
    for count in (*FIRST, len(errors)):
        by_chance = len(planted) * count / len(clips)
        print(f"of the first {count} doubtful clips, {sum(is_planted[:count])} were planted; by chance {by_chance:.1f}")


if __name__ == "__main__":
    run(main)
