"""`python -m tools.field_report`, and what other tools make of what it writes."""

import csv
import json
import re
from pathlib import Path

import pytest
import yaml

from experiments.clone import REPOSITORY
from stages.lib.cards.field_results import FIELD, MEASURES, read_field
from stages.lib.model.model_folder import RETRAINED, model_digest
from stages.lib.runtime.faults import InputFaults
from stages.lib.runtime.table import write_table
from stages.lib.tables.expert import COLUMNS as EXPERT_COLUMNS
from stages.lib.tables.expert import EXPERT
from stages.lib.tables.reviews import REVIEWS, Review, read_reviews, write_reviews
from tests.support.edit import replace_in
from tools import field_report, up_to_date
from tools.field_report import PLOT, PLOT_COLUMNS
from tools.lib.draws.candidates import BINS, bin_of
from tools.lib.draws.runs_table import RUNS, SearchedBin, read_runs, write_runs
from tools.lib.field.wanted_threshold import count_per_hour, share, threshold_for

NEW, OLD, MODEL = "0123456789ab", "ba9876543210", "f" * 64
SCORES = (0.005, 0.015, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 0.97, 0.99)


@pytest.fixture
def tables(tmp_path, monkeypatch) -> Path:
    """The tables of a repository with two reviewed runs; the call is in windows with high scores."""
    monkeypatch.chdir(tmp_path)
    reviews, answers = [], []
    for run, date in ((NEW, "2026-11-22"), (OLD, "2026-11-01")):
        for number, p_call in enumerate(SCORES * 4):
            clip_id = f"{run}_{number:07d}"
            site = ("bay", "cape")[number % 2]
            reviews.append(
                Review(run, "b", clip_id, f"{site}{number % 6}.wav", float(number), site, p_call, bin_of(p_call), 1.0)
            )
            label = "call" if p_call > 0.9 and number < 30 else "nocall"
            answers.append((clip_id, label, "val", date, ""))
    write_reviews(REVIEWS, reviews)
    runs = [
        SearchedBin(
            run, "b", MODEL if run == NEW else "e" * 64, 2.0, 1.0, site, name, 6, 3.0, 300 if name == BINS[0] else 9
        )
        for run in (NEW, OLD)
        for site in ("bay", "cape")
        for name in BINS
    ]
    write_runs(RUNS, runs)
    write_table(EXPERT, EXPERT_COLUMNS, answers)
    Path("metrics").mkdir()
    FIELD.write_text("{}\n")
    return tmp_path


def report(monkeypatch, *options: str) -> None:
    """Run the tool."""
    monkeypatch.setattr("sys.argv", ["field_report", *options])
    field_report.main()


def test_the_run_with_the_latest_answer_is_reported_on(tables, monkeypatch, capsys):
    report(monkeypatch)
    found = read_field()
    assert (found["run"], found["model"], found["clip_s"], found["hop_s"]) == (NEW, MODEL, 2.0, 1.0)
    assert list(found["sites"]) == ["bay", "cape"]
    assert (found["all"]["calls"], found["all"]["nocalls"]) == (9, 31)
    assert (found["all"]["recordings"], found["all"]["hours"]) == (12, 6.0)
    assert found["all"]["candidates"] == found["sites"]["bay"]["candidates"] * 2 == 2 * (300 + 6 * 9)
    printed = capsys.readouterr().out
    assert "All sites: 9 calls and 31 no-calls heard of 708 windows in 12 recordings of 6.00 h." in printed
    assert "9 calls heard; review more windows" in printed
    assert "Site `bay`" in printed


def test_of_runs_answered_on_one_day_that_of_the_model_is_reported_on(tables, monkeypatch):
    """A changed mind about a window of one run is an answer of the day on which the other was reviewed."""
    EXPERT.write_text(EXPERT.read_text().replace("2026-11-01", "2026-11-22"))
    with pytest.raises(InputFaults) as refused:
        report(monkeypatch)
    assert refused.value.lines == [
        f"labels/reviews.csv: the runs {NEW} and {OLD} have the latest answers, all of 2026-11-22; add --run RUN"
    ]
    for run in (OLD, NEW):
        write_runs(RUNS, [one._replace(model="e" * 64 if one.run != run else model_of(tables)) for one in read_runs()])
        report(monkeypatch)
        assert read_field()["run"] == run


def model_of(folder: Path) -> str:
    """Return the digest of a model with a single file."""
    (folder / RETRAINED).mkdir(parents=True, exist_ok=True)
    (folder / RETRAINED / "model.json").write_text("{}\n")
    return model_digest(RETRAINED)


def test_another_run_can_be_asked_for(tables, monkeypatch):
    report(monkeypatch, "--run", OLD)
    assert read_field()["run"] == OLD


def test_the_plot_has_a_row_for_each_threshold_and_measure(tables, monkeypatch):
    report(monkeypatch)
    with PLOT.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["measure"] for row in rows} == set(MEASURES)
    rates = [float(row["value"]) for row in rows if row["measure"] == "false_alarms_per_hour"]
    assert rates == sorted(rates, reverse=True)
    for row in rows:
        assert float(row["low"]) <= float(row["value"]) <= float(row["high"])


def test_the_plot_is_drawn_from_the_columns_of_its_table():
    (plot,) = [one["Field"] for one in yaml.safe_load((REPOSITORY / "dvc.yaml").read_text())["plots"] if "Field" in one]
    template = (REPOSITORY / ".dvc" / "plots" / f"{plot['template']}.json").read_text()
    named = {plot["x"], plot["y"][str(PLOT)]}
    assert named | set(re.findall(r"datum\.(\w+)", template)) == set(PLOT_COLUMNS)


def test_a_forged_or_old_report_is_told_from_what_the_tables_give(tables, monkeypatch):
    said = [f"{path} was not what python -m tools.field_report gives; it was made again" for path in (FIELD, PLOT)]
    header = ",".join(PLOT_COLUMNS) + "\n"
    PLOT.parent.mkdir(exist_ok=True)
    PLOT.write_text(f"{header}0.5,recall,0.99,0.9,1.0\n")
    assert up_to_date.report_again() == said[1:]  # Nothing has been reviewed yet.
    assert PLOT.read_text() == header
    report(monkeypatch, "--run", OLD)
    right = FIELD.read_bytes()
    assert up_to_date.report_again() == []
    replace_in(FIELD, '"calls": 9', '"calls": 90')
    assert (up_to_date.report_again(), FIELD.read_bytes()) == (said[:1], right)
    replace_in(EXPERT, f"{OLD}_0000007,call", f"{OLD}_0000007,nocall")
    assert up_to_date.report_again() == said


def test_a_report_whose_reviews_were_reverted_is_named_with_what_helps(tables, monkeypatch):
    report(monkeypatch, "--run", OLD)
    write_reviews(REVIEWS, [one for one in read_reviews() if one.run != OLD])
    with pytest.raises(InputFaults) as refused:
        up_to_date.report_again()
    (fault,) = refused.value.lines
    assert fault.startswith(f"{REVIEWS}: has no drawn window of the run {OLD} with an answer; there are {NEW}; ")
    assert fault.endswith("if its reviews were taken back, and metrics/field.json is about it, write {} to that file")
    FIELD.write_text("{}\n")
    assert "metrics/plots/field.csv was not" in up_to_date.report_again()[0]
    FIELD.unlink()
    with pytest.raises(InputFaults, match="there is no such file; run"):
        up_to_date.report_again()


def test_a_changed_mind_counts_and_nobody_s_mind_does_not(tables, monkeypatch):
    text = EXPERT.read_text()
    first = f"{NEW}_0000007"
    EXPERT.write_text(
        text.replace(f"{first},call", f"{first},unsure").replace(f"{NEW}_0000017,call", f"{NEW}_0000017,nocall")
    )
    report(monkeypatch)
    found = read_field()["all"]
    assert (found["calls"], found["nocalls"], found["undecided"]) == (7, 32, 1)


def test_a_site_where_nothing_was_heard_says_so(tables, monkeypatch, capsys):
    silent = [SearchedBin(NEW, "b", MODEL, 2.0, 1.0, "reef", name, 1, 0.0, 0) for name in BINS]
    write_runs(RUNS, [*read_runs(), *silent])
    report(monkeypatch)
    assert read_field()["sites"]["reef"]["points"] == []
    assert "Site `reef`: 0 calls and 0 no-calls heard of 0 windows" in capsys.readouterr().out


def test_answers_that_are_all_unsure_tell_nothing(tables, monkeypatch, capsys):
    EXPERT.write_text(EXPERT.read_text().replace(",call,", ",unsure,").replace(",nocall,", ",unsure,"))
    report(monkeypatch)
    assert read_field()["all"]["points"] == []
    assert "No drawn window has a verdict" in capsys.readouterr().out


def test_the_same_tables_give_the_same_bytes(tables, monkeypatch):
    report(monkeypatch)
    first = [path.read_bytes() for path in (FIELD, PLOT)]
    report(monkeypatch)
    assert [path.read_bytes() for path in (FIELD, PLOT)] == first


def test_a_fresh_clone_has_nothing_to_report(tables, monkeypatch):
    write_reviews(REVIEWS, [])
    write_runs(RUNS, [])
    with pytest.raises(InputFaults, match=r"has no drawn window with an answer yet; python -m tools\.review"):
        report(monkeypatch)
    assert read_field() == {}


def test_windows_that_were_added_alone_are_no_sample(tables, monkeypatch):
    write_reviews(REVIEWS, [Review(NEW, "", f"{NEW}_0000000", "bay0.wav", 0.0, "bay", None, "", None)])
    with pytest.raises(InputFaults, match="no drawn window"):
        report(monkeypatch)


def test_an_unknown_run_is_named_with_those_that_are_there(tables, monkeypatch):
    with pytest.raises(InputFaults, match=f"of the run nothing with an answer; there are {NEW}, {OLD}; "):
        report(monkeypatch, "--run", "nothing")


def test_a_faulty_answer_is_named_and_nothing_is_written(tables, monkeypatch):
    with EXPERT.open("a") as file:
        file.write(f"{NEW}_0000001,orca,val,2026-11-22,\n")
    with pytest.raises(InputFaults, match="unknown label 'orca'"):
        report(monkeypatch)
    assert read_field() == {}


# The threshold that detect takes from it.


def test_the_lowest_threshold_with_few_enough_false_alarms_is_taken(tables, monkeypatch):
    report(monkeypatch)
    points = read_field()["all"]["points"]
    wanted = points[10]["false_alarms_per_hour"]
    threshold, said = threshold_for(count_per_hour(f"{wanted}"), MODEL)
    assert threshold == min(point["threshold"] for point in points if point["false_alarms_per_hour"] <= wanted)
    assert f"--false-alarms {wanted:g}: threshold {threshold:g}, " in said
    assert "not all of it is as good as wanted" in said
    assert threshold_for(count_per_hour("1e6"), MODEL)[0] == points[0]["threshold"]
    assert "; all of it is as good as wanted" in threshold_for(count_per_hour("1e6"), MODEL)[1]


def test_the_lowest_threshold_with_enough_precision_is_taken(tables, monkeypatch):
    report(monkeypatch)
    threshold, said = threshold_for(share("0.6"), MODEL)
    points = {point["threshold"]: point for point in read_field()["all"]["points"]}
    assert points[threshold]["precision"] >= 0.6
    assert max(points[lower]["precision"] for lower in points if lower < threshold) < 0.6
    assert "precision is estimated at" in said


def test_what_the_sample_cannot_tell_is_refused(tables, monkeypatch):
    report(monkeypatch)
    with pytest.raises(InputFaults, match=r"no threshold up to 0\.98, above which the last windows were heard"):
        threshold_for(share("0.99"), MODEL)


def test_a_report_about_another_model_is_refused(tables, monkeypatch):
    report(monkeypatch)
    with pytest.raises(InputFaults, match="is about another model"):
        threshold_for(count_per_hour("2"), "e" * 64)


def test_without_a_report_there_is_no_threshold(tables):
    with pytest.raises(InputFaults, match="has no report yet"):
        threshold_for(count_per_hour("2"), MODEL)


def test_the_report_is_json_without_nan(tables, monkeypatch):
    report(monkeypatch)
    json.loads(FIELD.read_text(), parse_constant=pytest.fail)


@pytest.mark.parametrize("argument", ["", "two", "nan", "inf", "-1"])
def test_only_a_number_of_false_alarms_is_understood(argument):
    with pytest.raises(InputFaults, match=f"^--false-alarms {argument}: should be a number per hour of 0 or more"):
        count_per_hour(argument)


@pytest.mark.parametrize("argument", ["", "half", "nan", "0", "1.01", "-1"])
def test_only_a_share_above_zero_is_understood(argument):
    with pytest.raises(InputFaults, match=f"^--precision {argument}: should be a share of more than 0 and at most 1"):
        share(argument)
