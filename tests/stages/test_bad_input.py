"""Damaged input, run through the stages themselves: never a traceback, a silent skip or a changed output.

What each damage is called stands in the tests of `stages/lib/`; here it is only that nothing passes unseen.
"""

import csv
import io
import unicodedata
from collections.abc import Callable
from contextlib import chdir
from datetime import date
from pathlib import Path

import joblib
import numpy as np
import pytest
import soundfile
import yaml
from dvc.utils.serialize import parse_yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from stages import featurize, merge_labels, split
from stages.lib.feature_store import load_clips, open_features
from stages.lib.features.feature_params import FeatureParams
from stages.lib.runtime.faults import InputFaults
from stages.lib.runtime.params import DataParams, read_params
from stages.lib.runtime.table import write_table
from stages.lib.split.params import SplitParams
from stages.lib.tables.answered import ANSWERED, write_answered
from stages.lib.tables.expert import EXPERT
from stages.lib.tables.pool import POOL_SCORES, PoolClip, write_pool
from stages.lib.tables.reviews import REVIEWS, write_reviews
from stages.lib.tables.settled import SETTLED, write_settled
from stages.lib.tables.split import SPLIT, SplitClip, read_split
from tests.stages.conftest import PARAMS, write_data_set
from tests.support.edit import replaced
from tools.lib.split.hold_out import hold_out

HEADER = ["clip_id", "label", "annotator", "date", "note"]
CLIP_IDS = [f"sea{number:02d}_0000000" for number in range(20)]
FROZEN = "lake_0000000"
MERGED, METRICS = Path("labels/merged.csv"), Path("metrics/labels.json")
CLIPS = Path("data/tiny/clips.csv")
RECORDING = Path("data/tiny/recordings/sea01.wav")


def contents(*places: Path) -> dict[Path, bytes]:
    """Return what all files below some places hold."""
    paths = [path for place in places for path in ([place] if place.is_file() else place.rglob("*"))]
    return {path: path.read_bytes() for path in paths if path.is_file()}


def faults_of(main: Callable[[], None], *outputs: Path) -> list[str]:
    """Run a stage and return its faults, which must be lines for a person and leave the outputs as they were."""
    before = contents(*outputs)
    try:
        main()
    except InputFaults as refusal:
        assert contents(*outputs) == before
        assert refusal.lines
        assert all(line.isprintable() and len(line) < 1000 for line in refusal.lines)
        return refusal.lines
    return []


def data_records(content: bytes) -> int:
    """Count the records below the header that are not blank, with nothing but Python's own reader."""
    records = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    return sum(any(cell.strip() for cell in record) for record in records) - 1


# --- labels/expert.csv


@pytest.fixture(scope="module")
def merging(tmp_path_factory) -> Path:
    """A folder in which merge_labels can run."""
    folder = tmp_path_factory.mktemp("merging")
    parts = ["pool"] * 12 + ["train"] * 6 + ["valid"] * 2
    clips = [SplitClip(clip_id, part, "call") for clip_id, part in zip(CLIP_IDS, parts, strict=True)]
    decisions = ["call", "nocall", "uncertain"] * 4
    pool = [PoolClip(clip.clip_id, 0.5, decision) for clip, decision in zip(clips, decisions, strict=False)]
    (folder / "params.yaml").write_text(PARAMS)
    with chdir(folder):
        write_table(SPLIT, SplitClip._fields, [*clips, SplitClip(FROZEN, "test", "call")])
        write_pool(POOL_SCORES, pool)
        EXPERT.write_text(",".join(HEADER) + "\n")
        write_settled(SETTLED, [])
        write_reviews(REVIEWS, [])
        write_answered(ANSWERED, [])
        merge_labels.main()
    return folder


def merge(folder: Path, content: bytes) -> list[str]:
    """Merge with a labels/expert.csv and return the faults."""
    with chdir(folder):
        EXPERT.write_bytes(content)
        faults = faults_of(merge_labels.main, MERGED, METRICS)
        assert EXPERT.read_bytes() == content
        assert all(fault.startswith(f"{EXPERT}:") for fault in faults)
        return faults


# Whatever is written in a name or a note, without what makes a name another one unseen.
names = st.text(st.characters(categories=["L", "M", "N", "P", "S"]), min_size=1, max_size=12).filter(
    lambda name: (
        not name.startswith(("'", "=", "+", "-", "@"))
        and unicodedata.normalize("NFC", name).isprintable()
        and "\N{REPLACEMENT CHARACTER}" not in name
    )
)
notes = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0<>=|\r"), max_size=12)
answers = st.lists(
    st.tuples(
        st.sampled_from(CLIP_IDS),
        st.sampled_from(["call", "nocall", "unsure"]),
        names,
        st.dates(max_value=date(2026, 11, 22)).map(str),
        notes.filter(lambda note: not note.strip().startswith("'")),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda answer: (answer[0], unicodedata.normalize("NFC", answer[2])),
).map(lambda rows: [list(row) for row in rows])


def as_csv(rows: list[list[str]], ending: str = "\n", quoting: int = csv.QUOTE_MINIMAL) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=ending, quoting=quoting).writerows(rows)  # noqa: TID251
    return text.getvalue()


@st.composite
def harmless_forms(draw, rows: list[list[str]]) -> str:
    """Write a table in one of the ways in which an editor or a spreadsheet may write it."""
    order = draw(st.permutations(range(len(HEADER))))
    blanks = draw(st.sampled_from(["", " ", "\t", "\N{NO-BREAK SPACE}"]))
    empty = [""] * draw(st.integers(0, 3))
    below = draw(st.permutations(rows)) if draw(st.booleans()) else rows
    written = [[blanks + row[column] + blanks for column in order] + empty for row in [HEADER, *below]]
    for _ in range(draw(st.integers(0, 2))):
        written.insert(draw(st.integers(0, len(written))), draw(st.sampled_from([[], [""] * 5, [" "] * 8])))
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    text = as_csv(written, draw(st.sampled_from(["\n", "\r\n", "\r"])), quoting)
    return draw(st.sampled_from(["", "\ufeff"])) + (text.rstrip("\r\n") if draw(st.booleans()) else text)


@settings(max_examples=60)
@given(st.data())
def test_the_form_of_the_answers_changes_nothing(merging, data):
    rows = data.draw(answers)
    assert merge(merging, as_csv([HEADER, *rows]).encode()) == []
    before = contents(merging / MERGED, merging / METRICS)
    content = data.draw(harmless_forms(rows)).encode()
    assert merge(merging, content) == []
    assert contents(merging / MERGED, merging / METRICS) == before
    with chdir(merging):
        assert yaml.safe_load(METRICS.read_text())["expert"]["answers"] == len(rows) == data_records(content)


# What goes wrong in one cell: the column, what the cell becomes, what the fault says.
CELL_DAMAGES = [
    ("clip_id", lambda cell: f"'{cell}", "starts with an apostrophe"),
    ("clip_id", "", "clip_id is empty"),
    ("clip_id", lambda cell: cell[:-1], "there is no clip"),
    ("clip_id", lambda cell: cell.upper(), "there is no clip"),
    ("clip_id", lambda cell: cell + "\N{ZERO WIDTH SPACE}", "there is no clip"),
    ("clip_id", FROZEN, "belongs to the test set"),
    ("label", lambda cell: f"'{cell}", "starts with an apostrophe"),
    ("label", lambda cell: f"{cell}s", "unknown label"),
    ("label", "", "label is empty"),
    ("label", lambda cell: f"={cell}", "unknown label"),
    ("label", "TRUE", "unknown label"),
    ("annotator", lambda cell: f"'{cell}", "starts with an apostrophe"),
    ("annotator", "  ", "annotator is empty"),
    ("annotator", lambda cell: cell + "\N{ZERO WIDTH SPACE}", "invisible character"),
    ("annotator", lambda cell: f"{cell}\n{cell}", "invisible character"),
    ("date", lambda cell: f"'{cell}", "starts with an apostrophe"),
    ("date", lambda cell: "/".join(reversed(cell.split("-"))), "is not a date"),
    ("date", lambda cell: f"{cell[8:]}.{cell[5:7]}.{cell[2:4]}", "is not a date"),
    ("date", "45983", "is not a date"),
    ("date", lambda cell: f"{cell} 00:00", "is not a date"),
    ("date", "", "is not a date"),
]


@settings(max_examples=60)
@given(answers, st.lists(st.tuples(st.integers(0, 7), st.sampled_from(CELL_DAMAGES)), min_size=1, max_size=4))
def test_every_damaged_cell_is_named_with_its_line(merging, rows, damages):
    by_place = {(number % len(rows), column): (damage, fault) for number, (column, damage, fault) in damages}
    expected = []
    for (number, column), (damage, fault) in by_place.items():
        place = HEADER.index(column)
        rows[number][place] = damage(rows[number][place]) if callable(damage) else damage
        expected.append((number, fault))
    # A note or a name on two lines moves the rows below it.
    lines = [2 + number + sum(cell.count("\n") for row in rows[:number] for cell in row) for number in range(len(rows))]
    faults = merge(merging, as_csv([HEADER, *rows]).encode())
    for number, fault in expected:
        assert any(line.startswith(f"{EXPERT}:{lines[number]}: ") and fault in line for line in faults), (fault, faults)


# What goes wrong with a file as a whole: from its text to its bytes, and what the fault says.
FILE_DAMAGES = {
    "nothing left": (lambda text: text[:0].encode(), "no header"),
    "zeros": (lambda text: b"\0" * len(text), "not UTF-8"),
    "UTF-16": (lambda text: text.encode("utf-16"), "UTF-16"),
    "UTF-16 without a mark": (lambda text: text.encode("utf-16-le"), "UTF-8"),
    "Latin-1": (lambda text: ("é" + text).encode("latin-1", "replace"), "not UTF-8"),
    "a broken letter": (lambda text: text.encode() + b"\xc3", "not UTF-8"),
    "no header": (lambda text: text.split("\n", 1)[1].encode(), "no header"),
    "a column misnamed": (lambda text: text.replace("annotator", "anotator", 1).encode(), "missing column annotator"),
    "a column less": (lambda text: text.replace(",note", "", 1).encode(), "missing column note"),
    "a column twice": (lambda text: text.replace("note", "date", 1).encode(), "column date appears twice"),
    "a quotation mark": (lambda text: f'{text}{CLIP_IDS[0]},call,"val,2026-11-22,\n'.encode(), "quotation mark"),
    "a row less a cell": (lambda text: f"{text}{CLIP_IDS[0]},call,val,2026-11-22\n".encode(), "4 cells where 5"),
    "a comma in a note": (
        lambda text: f"{text}{CLIP_IDS[0]},call,val,2026-11-22,S1, far\n".encode(),
        "6 cells where 5",
    ),
    "the table twice": (lambda text: (text + text).encode(), "there is no clip 'clip_id'"),
    "a formula": (lambda text: f"{text}=cmd|'/c calc'!A0,call,val,2026-11-22,\n".encode(), "there is no clip"),
    "a conflict": (
        lambda text: f"<<<<<<< a, b\n{text}=======\n{text}>>>>>>> c\n".encode(),
        ":1: a merge conflict was left here",
    ),
}


@pytest.mark.parametrize("damage", FILE_DAMAGES)
@settings(max_examples=8)
@given(answers)
def test_a_damaged_file_is_refused_and_changes_nothing(merging, damage, rows):
    damaged, fault = FILE_DAMAGES[damage]
    faults = merge(merging, damaged(as_csv([HEADER, *rows])))
    assert any(fault in line for line in faults), faults


conflict_lines = st.sampled_from(["<<<<<<< HEAD", "=======", ">>>>>>> labels/val, second try", "||||||| 0a1b2c3"])


@settings(max_examples=40)
@given(answers, st.integers(0, 9), conflict_lines, st.sampled_from(["\n", "\r\n", "\r"]))
def test_a_conflict_marker_is_named_wherever_it_is_and_hides_no_other_fault(merging, rows, number, marker, ending):
    rows = [row[:4] + [row[4].replace("\n", " ")] for row in rows] + [["", "call", "val", "2026-11-22", ""]]
    lines = as_csv([HEADER, *rows]).split("\n")
    place = number % len(lines)
    lines.insert(place, marker)
    faults = merge(merging, ending.join(lines).encode())
    assert any(fault.startswith(f"{EXPERT}:{place + 1}: a merge conflict was left here") for fault in faults)
    assert any("clip_id is empty" in fault for fault in faults)


@st.composite
def damaged(draw, contents_to_damage: st.SearchStrategy[bytes]) -> bytes:
    """Flip, cut out, double and insert bytes."""
    content = bytearray(draw(contents_to_damage))
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(content)))
        piece = content[start : start + draw(st.integers(0, 20))]
        new = draw(
            st.binary(max_size=3) | st.sampled_from([b",", b'"', b"\n", b"\r", b"'", b"=", b";", bytes(piece * 2)])
        )
        content[start : start + len(piece)] = new
    return bytes(content)


@given(damaged(answers.map(lambda rows: as_csv([HEADER, *rows]).encode())) | st.binary(max_size=200))
def test_either_there_are_faults_or_every_record_is_an_answer(merging, content):
    if not merge(merging, content):
        with chdir(merging):
            assert yaml.safe_load(METRICS.read_text())["expert"]["answers"] == data_records(content)


def test_thousands_of_answers_are_read_and_thousands_of_faults_listed(merging):
    rows = [[clip_id, "call", f"listener {number}", "2026-11-22", ""] for number in range(500) for clip_id in CLIP_IDS]
    assert merge(merging, as_csv([HEADER, *rows]).encode()) == []
    with chdir(merging):
        assert yaml.safe_load(METRICS.read_text())["expert"]["answers"] == 10_000
    faults = merge(merging, as_csv([HEADER, *([*row[:3], "22/11/2026", ""] for row in rows)]).encode())
    assert [fault.split(" ")[0] for fault in faults] == [f"{EXPERT}:{line}:" for line in range(2, 10_002)]


# --- clips.csv, recordings and params.yaml


@pytest.fixture(scope="module")
def featurizing(tmp_path_factory) -> Path:
    """A folder in which featurize and split have run."""
    folder = tmp_path_factory.mktemp("featurizing")
    write_data_set(folder, recording_count=4)
    (folder / "params.yaml").write_text(small_params(PARAMS))
    with chdir(folder), joblib.parallel_config(backend="threading"):
        hold_out()
        featurize.main()
        split.main()
    return folder


def small_params(text: str) -> str:
    """Ask for no more clips than there are."""
    return text.replace("train: 24", "train: 4").replace(": 8\n", ": 4\n")


def run_with(folder: Path, path: Path, content: bytes, main: Callable[[], None], *outputs: Path) -> list[str]:
    """Run a stage with another content of one input, which is put back afterwards, and return the faults."""
    with chdir(folder), joblib.parallel_config(backend="threading"):
        right = path.read_bytes()
        path.write_bytes(content)
        try:
            return faults_of(main, *outputs)
        finally:
            path.write_bytes(right)


@settings(max_examples=60)
@given(st.data())
def test_every_record_of_a_damaged_table_of_clips_is_featurized_or_refused(featurizing, data):
    content = data.draw(damaged(st.just((featurizing / CLIPS).read_bytes())) | st.binary(max_size=100))
    faults = run_with(featurizing, CLIPS, content, featurize.main, Path("features"))
    assert all(fault.startswith(str(CLIPS)) for fault in faults)
    if not faults:
        with chdir(featurizing):
            assert len(open_features().places) == data_records(content)


CLIP_DAMAGES = {
    "a path outside": ("sea01.wav", "../recordings/sea01.wav", "is outside the data set"),
    "an absolute path": ("sea01.wav", "/etc/passwd", "is outside the data set"),
    "a path of Windows": ("sea01.wav", r"..\sea01.wav", "contains a backslash"),
    "a folder": ("sea01.wav", ".", "is not a plain file path"),
    "a name without end": ("sea01.wav", "a" * 5000, "is too long"),
    "a zero": ("sea01.wav", "sea\N{NULL}01.wav", "not UTF-8 text"),
    "a formula": ("sea01.wav", "=HYPERLINK(1)", "starts like a spreadsheet formula"),
    "no such recording": ("sea01.wav", "sea09.wav", "should be sea09_0000000"),
    "a name of the wrong case": ("sea01.wav", "SEA01.wav", "should be SEA01_0000000"),
    "a decimal comma": (",0.5,", ',"0,5",', "is not a time"),
    "a time of day": (",0.5,", ",00:00.5,", "is not a time"),
    "an exponent": (",0.5,", ",1e306,", "is not a time"),
    "a rounded start": (",0.5,", ",1,", "does not match its recording and start"),
    "a capital": (",call,", ",Call,", "unknown label"),
    "an apostrophe": ("sea00_0000000", "'sea00_0000000", "does not match its recording and start"),
    "a site unseen": (",bay", ",bay\N{ZERO WIDTH SPACE}", "invisible character"),
}


@pytest.mark.parametrize("damage", CLIP_DAMAGES)
@pytest.mark.parametrize(("main", "output"), [(featurize.main, Path("features")), (split.main, SPLIT)])
def test_a_damaged_table_of_clips_is_refused_and_changes_nothing(featurizing, damage, main, output):
    old, new, fault = CLIP_DAMAGES[damage]
    content = replaced((featurizing / CLIPS).read_text(), old, new).encode()
    faults = run_with(featurizing, CLIPS, content, main, output)
    assert any(line.startswith(f"{CLIPS}:") and fault in line for line in faults), faults


def as_wav(samples: np.ndarray, sample_rate: int = 4000, **options: str) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, sample_rate, **{"format": "WAV", "subtype": "FLOAT", **options})
    return file.getvalue()


NOISE = 0.1 * np.random.default_rng(5).standard_normal(8000)
WITH_NAN = np.where(np.arange(8000) == 7000, np.nan, NOISE)
BAD_RECORDINGS = {
    "nothing": (b"", "is empty"),
    "text": (b"clip_id,recording\n" * 100, "is not audio"),
    "no samples": (as_wav(NOISE[:0]), "holds no samples"),
    "not a number": (as_wav(WITH_NAN), "not numbers"),
    "silence": (as_wav(NOISE * 0), "is silent"),
    "a cut FLAC": (as_wav(NOISE, format="FLAC", subtype="PCM_16")[:-3000], "is not audio"),
    "a cut WAV": (as_wav(NOISE)[:-3000], "is cut off"),
    "one sample": (as_wav(NOISE[:1]), "ends at 0.000 s"),
}


@pytest.mark.parametrize("kind", BAD_RECORDINGS)
def test_a_bad_recording_is_refused_and_changes_nothing(featurizing, kind):
    content, fault = BAD_RECORDINGS[kind]
    faults = run_with(featurizing, RECORDING, content, featurize.main, Path("features"))
    assert any(line.startswith(f"{CLIPS}:") and fault in line for line in faults), faults


STRANGE_RECORDINGS = {
    "FLAC by the name of WAV": as_wav(NOISE, format="FLAC", subtype="PCM_16"),
    "eight channels": as_wav(np.stack([NOISE] * 8, axis=1)),
    "192 kHz": as_wav(np.tile(NOISE, 48), 192_000),
    "an offset": as_wav(0.4 + NOISE),
    "clipped": as_wav(np.clip(100 * NOISE, -1, 1), subtype="PCM_16"),
}


@pytest.mark.parametrize("kind", STRANGE_RECORDINGS)
def test_a_strange_recording_is_featurized(featurizing, kind):
    assert run_with(featurizing, RECORDING, STRANGE_RECORDINGS[kind], featurize.main, Path("features")) == []
    with chdir(featurizing):
        features = open_features()
        ids = [clip_id for clip_id in features.places if clip_id.startswith("sea01")]
        arrays = load_clips(features, ids)
    assert len(ids) == 4
    assert np.isfinite(arrays).all()
    assert arrays.std() > 0


def test_right_input_gives_the_same_features_after_all_that(featurizing):
    with chdir(featurizing), joblib.parallel_config(backend="threading"):
        featurize.main()
        before = contents(Path("features"))
        for path in Path("features").iterdir():
            path.unlink()
        featurize.main()
        assert contents(Path("features")) == before


PARAM_DAMAGES = {
    "a wrong type": ("seed: 1\n  group_by", "seed: one\n  group_by", "split.seed: input should be a valid integer"),
    "a number as text": ("train: 4", "train: '4'", "split.train: should be a count"),
    "out of range": ("test: 4", "test: -4", "split.test: should be a count"),
    "more than there is": (
        "test: 4",
        "test: 5000",
        "split.test is 5000, but the held-out clips were drawn with 4",
    ),
    "an unknown key": ("group_by:", "zzz: 1\n  group_by:", "unknown key 'split.zzz'; known are seed, group_by"),
    "a typo in a key": ("group_by:", "groupby:", "did you mean 'group_by'?"),
    "a typo in a section": ("split:", "spilt:", "did you mean 'split'?"),
    "a typo in a value": ("group_by: recording", "group_by: recordings", "input should be 'recording' or 'site'"),
    "a key twice": ("group_by: recording", "seed: 2\n  group_by: recording", "'seed' is on line"),
    "an alias": ("seed: 1\n  group_by", "seed: &a [*a]\n  group_by", "write out the value"),
    "a tab": ("  group_by", "\tgroup_by", "not YAML"),
    "a conflict": ("split:", "<<<<<<< HEAD\nsplit:", "not YAML"),
    "a path": ("dataset: tiny", "dataset: ../tiny", "data.dataset: string should match pattern"),
    "no such data set": ("dataset: tiny", "dataset: tinny", "there is no such file"),
}


@pytest.mark.parametrize("damage", PARAM_DAMAGES)
def test_a_damaged_params_file_is_refused_and_changes_nothing(featurizing, damage):
    old, new, fault = PARAM_DAMAGES[damage]
    content = replaced((featurizing / "params.yaml").read_text(), old, new).encode()
    faults = run_with(featurizing, Path("params.yaml"), content, split.main, SPLIT)
    assert any(fault in line for line in faults), faults


@settings(max_examples=60)
@given(st.data())
def test_a_damaged_params_file_is_refused_or_read_as_dvc_reads_it(featurizing, data):
    content = data.draw(damaged(st.just((featurizing / "params.yaml").read_bytes())) | st.binary(max_size=100))
    faults = run_with(featurizing, Path("params.yaml"), content, split.main, SPLIT)
    if not faults:
        params = parse_yaml(content.decode("utf-8-sig"), "params.yaml")
        with chdir(featurizing):
            parts = [clip.part for clip in read_split()]
        if all(isinstance(params["split"][part], int) for part in ("train", "valid", "pool", "test")):
            assert {part: parts.count(part) for part in ("valid", "pool", "test")} == {
                part: params["split"][part] for part in ("valid", "pool", "test")
            }
            # Of more than there are, training takes all.
            assert parts.count("train") <= params["split"]["train"]


@pytest.mark.parametrize(
    ("section", "kind"), [("data", DataParams), ("featurize", FeatureParams), ("split", SplitParams)]
)
def test_a_letter_left_out_of_any_key_is_answered_by_the_key(tmp_path, section, kind):
    for key in kind.model_fields:
        params = yaml.safe_load(PARAMS)
        params[section] = {key[:-1] if name == key else name: value for name, value in params[section].items()}
        path = tmp_path / "params.yaml"
        path.write_text(yaml.safe_dump(params))
        with pytest.raises(InputFaults) as refusal:
            read_params(section, kind, path)
        assert any(line.endswith(f"did you mean {key!r}?") for line in refusal.value.lines)
