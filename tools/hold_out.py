"""Draw the clips that are held out of training for good: `python -m tools.hold_out`.

Run it once, after setting a new data set and the sizes of its parts in params.yaml, and commit `labels/held_out.csv`.
From then on, no change to the data set moves a test or validation clip.
"""

from stages.lib.runtime.running import run
from tools.lib.command_parser import command_parser
from tools.lib.split.hold_out import hold_out


def main() -> None:
    """Draw, or refuse to draw again."""
    parser = command_parser(__doc__)
    parser.add_argument(
        "--again", action="store_true", help="draw other clips; earlier figures are then not comparable"
    )
    print(*hold_out(parser.parse_args().again), sep="\n")


if __name__ == "__main__":
    run(main)
