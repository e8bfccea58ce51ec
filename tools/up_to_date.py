"""Run the pipeline and say, in Markdown, whether the committed outputs are what it gives: `python -m tools.up_to_date`.

What DVC's cache does not hold is made again, so that the answer rests on bytes and not on what dvc.lock claims. The
cards in docs/ are written anew from that, and count as outputs.
"""

import argparse
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from stages.lib.faults import refuse
from stages.lib.running import run
from stages.lib.whole import write_text
from tools.lib.markdown import code
from tools.lib.revisions import git_text
from tools.write_cards import CARDS, write_cards

LOCKS = ("dvc.lock", "data/*/dvc.lock")
# What stages write and Git keeps, and the cards made from it; people edit one table below labels/, the answers.
OUTPUTS = (*LOCKS, "metrics", "labels", ":!labels/expert.csv", *map(str, CARDS))


def reproduce() -> list[str]:
    """Run `dvc repro`, pass on what it prints as a log, and return the stages that ran."""
    stages = []
    with subprocess.Popen([sys.executable, "-m", "dvc", "repro"], stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            print(line, end="", file=sys.stderr, flush=True)
            stages += re.findall(r"^Running stage '(.+)'", line)
    refuse(["dvc repro failed, for the reason that stands above"] if process.returncode else [])
    return stages


def different_outputs() -> list[str]:
    """Return the outputs whose bytes are not the committed ones."""
    return git_text("diff", "--name-only", "HEAD", "--", *OUTPUTS).splitlines()


def unrepeated_stages() -> list[str]:
    """Return the stages of which a committed dvc.lock has other outputs than they gave, from the very same inputs."""
    stages = []
    for lock in git_text("ls-files", *LOCKS).splitlines():
        committed, present = git_text("show", f"HEAD:./{lock}"), Path(lock).read_text(encoding="utf-8")
        stages += unrepeated(*(yaml.safe_load(text)["stages"] for text in (committed, present)))
    return stages


def unrepeated(before: Mapping[str, Mapping], after: Mapping[str, Mapping]) -> list[str]:
    """Return the stages whose outputs alone are others; what lies downstream of them has other inputs as well."""
    return [
        name
        for name, stage in after.items()
        if name in before and stage["outs"] != before[name]["outs"] and inputs(stage) == inputs(before[name])
    ]


def inputs(stage: Mapping) -> dict:
    """Return all that dvc.lock has of a stage besides its outputs."""
    return {kind: value for kind, value in stage.items() if kind != "outs"}


def verdict(ran: Sequence[str], different: Sequence[str], wrong: Sequence[str]) -> str:
    """Say what came out.

    Parameters
    ----------
    ran : sequence of str
        The stages that ran.
    different : sequence of str
        The committed outputs that are others now.
    wrong : sequence of str
        The stages whose committed outputs cannot have come from their committed inputs.
    """
    if not ran and not different:
        return "Outputs: **as committed**. Nothing had to run."
    if not different:
        return f"Outputs: **as committed**. {listed(ran)} ran and gave the same bytes again."
    reason = (
        f"{listed(wrong)} gave other outputs than dvc.lock has for the very same inputs. Either those were not made by "
        "`dvc repro`, or this machine rounds otherwise (see docs/reproducibility.md)."
        if wrong
        else "They are older than what they are made from, or were changed by hand."
    )
    made = f"{listed(ran)} ran and gave" if ran else "No stage had to run, but there are"
    return (
        f"Outputs: **not as committed**. {reason}\n\n"
        f"{made} other versions of {listed(different)}. What follows is about these versions. "
        "To commit them, run `dvc repro` and `python -m tools.write_cards`, or apply `outputs.patch`."
    )


def listed(names: Sequence[str]) -> str:
    """Return names, one at least, as a sentence holds them."""
    *most, last = map(code, names)
    return f"{', '.join(most)} and {last}" if most else last


def main() -> None:
    """Bring the outputs up to date."""
    parser = argparse.ArgumentParser(prog="python -m tools.up_to_date", description=__doc__)
    parser.add_argument("--patch", type=Path, metavar="FILE", help="where to write what is to be committed")
    patch = parser.parse_args().patch
    refuse(f"{name}: has changes that are not committed; commit or undo them first" for name in different_outputs())
    ran = reproduce()
    write_cards()
    different = different_outputs()
    print(verdict(ran, different, unrepeated_stages()))
    if patch and different:
        write_text(patch, git_text("diff", "--binary", "HEAD", "--", *OUTPUTS))


if __name__ == "__main__":
    run(main)
