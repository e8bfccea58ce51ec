"""Run the pipeline and report in Markdown whether it gives the committed outputs: `python -m tools.up_to_date`.

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
from stages.lib.runtime.atomic_write import atomic_write, remove, write_text
from stages.lib.runtime.faults import refuse
from stages.lib.runtime.running import run
from stages.lib.runtime.table import write_table
from tools.check_labels import check_labels
from tools.field_report import PLOT, PLOT_COLUMNS, write_report
from tools.lib.clips.known_clips import clips_table
from tools.lib.command_parser import command_parser, output_file
from tools.lib.review.data_at_hand import made_by_stages, missing_data, stages_in, without_data
from tools.lib.revisions import git_text, refuse_outside_of_git
from tools.lib.rounds.round_checks import decided_remarks, rounds_remarks
from tools.lib.rounds.rounds_table import read_rounds
from tools.lib.wording import listed

PIPELINE = Path("dvc.yaml")
KINDS = ("outs", "metrics", "plots")  # The keys of a stage's outputs.
LOCKS = ("dvc.lock", "data/*/dvc.lock")
# Outputs of stages in Git, without the one table in labels/ that people edit, the answers.
OUTPUTS = (*LOCKS, "metrics", "labels", ":!labels/expert.csv")


def stages_in_order() -> dict[str, dict]:
    """Return the stages of dvc.yaml by name."""
    return stages_in(PIPELINE.read_bytes(), PIPELINE)


def outputs_in_git() -> list[Path]:
    """Return the outputs of the stages of dvc.yaml that Git keeps and DVC's cache does not."""
    outputs = [out for stage in stages_in_order().values() for kind in KINDS for out in stage.get(kind, [])]
    settings = [setting for out in outputs if isinstance(out, Mapping) for setting in out.items()]
    return [Path(path) for path, chosen in settings if chosen.get("cache") is False]


def of_data_set() -> list[Path]:
    """Return the outputs of the data set's own stages that Git keeps, such as the clips of annotations."""
    made = made_by_stages(clips_table().with_name("dvc.yaml"))
    return [Path(name) for name in git_text("ls-files", "--", *map(str, made)).splitlines()] if made else []


def reproduce(outputs: Sequence[Path]) -> list[str]:
    """Make outputs again, with everything they need; pass on the log of `dvc repro` and return the stages that ran.

    DVC runs a stage with a missing output, whatever dvc.lock says. So the outputs are removed first. If the run fails,
    the committed outputs are restored.
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
    """Run `dvc repro`, pass on its output as a log, and return the stages that ran."""
    stages = []
    command = [sys.executable, "-m", "dvc", "repro", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            print(line, end="", file=sys.stderr, flush=True)
            stages += re.findall(r"^Running stage '(.+)'", line)
    refuse(["dvc repro failed; see its output above"] if process.returncode else [])
    return stages


def restore_line_endings() -> None:
    """Give tables in labels/ the line endings that Git stores and other clones have, because DVC hashes the bytes."""
    for path in map(Path, git_text("ls-files", "--", "labels/*.csv").splitlines()):
        content = path.read_bytes()
        if b"\r\n" in content:
            with atomic_write(path) as partial:
                partial.write_bytes(content.replace(b"\r\n", b"\n"))


def report_again() -> list[str]:
    """Make metrics/field.json and its plot again from the reviews and answers; return a line for each that changes."""
    report = read_field()
    before = {path: path.read_bytes() for path in (FIELD, PLOT) if path.exists()}
    if report:
        write_report(report["run"])
    else:
        write_table(PLOT, PLOT_COLUMNS, [])
    return [
        f"{path} was not what python -m tools.field_report gives; it was made again"
        for path in (FIELD, PLOT)
        if path.read_bytes() != before.get(path)
    ]


def check_tables(missing: Sequence[Path]) -> list[str]:
    """Refuse all faults of the tables that can be found without the data; return lines about the labels.

    Parameters
    ----------
    missing : sequence of Path
        From `missing_data`.
    """
    table = clips_table()
    if not (table.exists() or any(path.parent == table.parent for path in missing)):
        dvc_repro(str(table.with_name("dvc.yaml")))
    if table.exists():
        # `split` reads clips.csv and the settled clips. Answers are checked against its output.
        dvc_repro("--single-item", "split")
    return check_labels(fix=False)


def different_outputs() -> list[str]:
    """Return the outputs whose bytes differ from the committed ones, or that are not in Git."""
    own_lock = clips_table().with_name("dvc.lock")
    kept = [*map(str, outputs_in_git()), "dvc.lock", str(own_lock)]
    lacking = git_text("ls-files", "--others", "--", *kept).splitlines()
    if lacking:
        # git diff ignores files that are not in the index.
        git_text("add", "--intent-to-add", "--force", "--", *lacking)
    return changes("--name-only").splitlines()


def changes(form: str = "--binary") -> str:
    """Return what is to be committed, as a patch or in another form of `git diff`."""
    return git_text("diff", "--no-ext-diff", form, "HEAD", "--", *OUTPUTS, *map(str, of_data_set()))


def unrepeated_stages() -> list[str]:
    """Return the stages whose outputs differ from a committed dvc.lock although their inputs are the same."""
    stages = []
    for lock in git_text("ls-files", *LOCKS).splitlines():
        committed, present = git_text("show", f"HEAD:./{lock}"), Path(lock).read_bytes()
        stages += unrepeated(stages_in(committed, f"HEAD:{lock}"), stages_in(present, lock))
    return stages


def unrepeated(before: Mapping[str, Mapping], after: Mapping[str, Mapping]) -> list[str]:
    """Return the stages with different outputs but the same inputs; stages downstream of them have different inputs."""
    return [
        name
        for name, stage in after.items()
        if name in before and stage["outs"] != before[name]["outs"] and inputs(stage) == inputs(before[name])
    ]


def inputs(stage: Mapping) -> dict:
    """Return the entry of a stage in dvc.lock without its outputs."""
    return {kind: value for kind, value in stage.items() if kind != "outs"}


def verdict(ran: Sequence[str], taken: Sequence[str], different: Sequence[str], wrong: Sequence[str]) -> str:
    """Report the outcome.

    Parameters
    ----------
    ran : sequence of str
        Stages that ran, at least one.
    taken : sequence of str
        Stages that did not run.
    different : sequence of str
        Committed outputs that are different now.
    wrong : sequence of str
        Stages whose committed outputs cannot come from their committed inputs.
    """
    cached = "did not run: the outputs came from DVC's cache, by their hashes in dvc.lock."
    from_cache = f" {listed(taken)} {cached}" if taken else ""
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
    parser.add_argument("--patch", type=output_file, metavar="FILE", help="write a patch of all changed outputs")
    patch = parser.parse_args().patch
    refuse_outside_of_git()
    refuse(f"{name}: has changes that are not committed; commit or undo them first" for name in different_outputs())
    restore_line_endings()
    of_rounds = [*rounds_remarks(read_rounds()), *decided_remarks()]
    of_field = report_again()
    missing = missing_data()
    if missing:
        said = check_tables(missing)
        print(without_data(missing, unrepeated_stages(), [*said, *of_field, *of_rounds]))
        return
    ran = reproduce([*outputs_in_git(), *of_data_set()])
    different = different_outputs()
    print(verdict(ran, [name for name in stages_in_order() if name not in ran], different, unrepeated_stages()))
    print(*(f"\n- {line}" for line in of_rounds), sep="", end="\n" if of_rounds else "")
    if patch and different:
        write_text(patch, changes())


if __name__ == "__main__":
    run(main)
