"""Run the pipeline and say, in Markdown, whether the committed outputs are what it gives: `python -m tools.up_to_date`.

Every stage with an output in Git runs again, so the verdict is about bytes made in this run, not about what dvc.lock
claims. The report on reviewed detections is made again, too. Any other stage runs only if its outputs are not in DVC's
cache.
"""

import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from stages.lib.cards.field_results import FIELD, read_field
from stages.lib.runtime.atomic_write import remove, write_text
from stages.lib.runtime.faults import refuse
from stages.lib.runtime.running import run
from stages.lib.runtime.table import write_table
from tools.check_labels import check_labels
from tools.field_report import PLOT, PLOT_COLUMNS, write_report
from tools.lib.clips.known_clips import clips_table
from tools.lib.command_parser import command_parser, output_file
from tools.lib.review.data_at_hand import missing_data, stages_in, without_data
from tools.lib.revisions import git_text, refuse_outside_of_git
from tools.lib.rounds.rounds_table import read_rounds
from tools.lib.wording import listed

PIPELINE = Path("dvc.yaml")
KINDS = ("outs", "metrics", "plots")  # A stage has its outputs under these.
LOCKS = ("dvc.lock", "data/*/dvc.lock")
# What stages write and Git keeps; people edit one table below labels/, the answers.
OUTPUTS = (*LOCKS, "metrics", "labels", ":!labels/expert.csv")


def stages_in_order() -> dict[str, dict]:
    """Return the stages of dvc.yaml by name."""
    return stages_in(PIPELINE.read_bytes(), PIPELINE)


def outputs_in_git(stages: Mapping[str, Mapping]) -> list[Path]:
    """Return the outputs of stages that Git keeps and DVC's cache does not.

    Parameters
    ----------
    stages : mapping
        As dvc.yaml has them.
    """
    outputs = [out for stage in stages.values() for kind in KINDS for out in stage.get(kind, [])]
    settings = [setting for out in outputs if isinstance(out, Mapping) for setting in out.items()]
    return [Path(path) for path, chosen in settings if chosen.get("cache") is False]


def reproduce(outputs: Sequence[Path]) -> list[str]:
    """Make outputs again, with all that they need, and return the stages that ran; pass on the log of `dvc repro`.

    DVC runs a stage with a missing output, whatever dvc.lock says. So the outputs are removed first. Where the
    run fails, the committed ones come back.
    """
    for path in outputs:
        remove(path)
    try:
        return dvc_repro()
    finally:
        missing = git_text("ls-files", "--deleted", "--", *map(str, outputs)).splitlines()
        if missing:
            git_text("checkout", "HEAD", "--", *missing)


def dvc_repro(*arguments: str) -> list[str]:
    """Run `dvc repro`, pass on what it prints as a log, and return the stages that ran."""
    stages = []
    command = [sys.executable, "-m", "dvc", "repro", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            print(line, end="", file=sys.stderr, flush=True)
            stages += re.findall(r"^Running stage '(.+)'", line)
    refuse(["dvc repro failed, for the reason that stands above"] if process.returncode else [])
    return stages


def report_again() -> list[str]:
    """Make metrics/field.json and its plot again from the reviews and answers; say so if it was another one."""
    before, report = FIELD.read_bytes(), read_field()
    if report:
        write_report(report["run"])
    else:
        write_table(PLOT, PLOT_COLUMNS, [])
    as_before = FIELD.read_bytes() == before
    return [] if as_before else [f"{FIELD} was not what python -m tools.field_report gives; it was made again"]


def check_tables(missing: Sequence[Path]) -> list[str]:
    """Refuse every fault of the tables that can be found all the same; return what to say of the labels.

    Parameters
    ----------
    missing : sequence of Path
        From `missing_data`.
    """
    table = clips_table()
    if not (table.exists() or any(path.parent == table.parent for path in missing)):
        dvc_repro(str(table.with_name("dvc.yaml")))
    if table.exists():
        # It reads clips.csv and what rounds have settled, and gives what the answers are checked by.
        dvc_repro("--single-item", "split")
    read_rounds()
    return check_labels(fix=False)


def different_outputs() -> list[str]:
    """Return the outputs whose bytes are not the committed ones, or that Git lacks."""
    own_lock = clips_table().with_name("dvc.lock")
    kept = [*map(str, outputs_in_git(stages_in_order())), "dvc.lock", str(own_lock)]
    lacking = git_text("ls-files", "--others", "--", *kept).splitlines()
    if lacking:
        # The comparison and the patch leave out a file that is not in the index.
        git_text("add", "--intent-to-add", "--force", "--", *lacking)
    return git_text("diff", "--name-only", "HEAD", "--", *OUTPUTS).splitlines()


def unrepeated_stages() -> list[str]:
    """Return the stages that gave other outputs than a committed dvc.lock has, from the same inputs."""
    stages = []
    for lock in git_text("ls-files", *LOCKS).splitlines():
        committed, present = git_text("show", f"HEAD:./{lock}"), Path(lock).read_bytes()
        stages += unrepeated(stages_in(committed, f"HEAD:{lock}"), stages_in(present, lock))
    return stages


def unrepeated(before: Mapping[str, Mapping], after: Mapping[str, Mapping]) -> list[str]:
    """Return the stages whose outputs alone are others; what lies downstream of them has other inputs as well."""
    return [
        name
        for name, stage in after.items()
        if name in before and stage["outs"] != before[name]["outs"] and inputs(stage) == inputs(before[name])
    ]


def inputs(stage: Mapping) -> dict:
    """Return what dvc.lock has of a stage, except its outputs."""
    return {kind: value for kind, value in stage.items() if kind != "outs"}


def verdict(ran: Sequence[str], taken: Sequence[str], different: Sequence[str], wrong: Sequence[str]) -> str:
    """Say what came out.

    Parameters
    ----------
    ran : sequence of str
        The stages that ran; one at least.
    taken : sequence of str
        The stages that did not.
    different : sequence of str
        The committed outputs that are others now.
    wrong : sequence of str
        The stages whose committed outputs cannot have come from their committed inputs.
    """
    said = f" {listed(taken)} did not run: the outputs came from DVC's cache, by their hashes in dvc.lock."
    from_cache = said if taken else ""
    if not different:
        return f"Outputs: **as committed**. {listed(ran)} ran and gave the same bytes again.{from_cache}"
    reason = (
        f"{listed(wrong)} gave other outputs than dvc.lock has for the very same inputs. Either those were not made by "
        "`dvc repro`, or this machine rounds otherwise (see docs/reproducibility.md)."
        if wrong
        else "They are older than what they are made from, or were changed by hand."
    )
    return (
        f"Outputs: **not as committed**. {reason}\n\n"
        f"{listed(ran)} ran.{from_cache} Other versions came out of {listed(different)}. What follows is about these "
        "versions. To commit them, run `python -m tools.up_to_date`, or apply `outputs.patch`."
    )


def main() -> None:
    """Bring the outputs up to date."""
    parser = command_parser(__doc__)
    parser.add_argument("--patch", type=output_file, metavar="FILE", help="write what is to be committed to this file")
    patch = parser.parse_args().patch
    refuse_outside_of_git()
    refuse(f"{name}: has changes that are not committed; commit or undo them first" for name in different_outputs())
    of_field = report_again()
    missing = missing_data()
    if missing:
        said = check_tables(missing)
        print(without_data(missing, unrepeated_stages(), [*said, *of_field]))
        return
    stages = stages_in_order()
    ran = reproduce(outputs_in_git(stages))
    different = different_outputs()
    print(verdict(ran, [name for name in stages if name not in ran], different, unrepeated_stages()))
    if patch and different:
        write_text(patch, git_text("diff", "--binary", "HEAD", "--", *OUTPUTS))


if __name__ == "__main__":
    run(main)
