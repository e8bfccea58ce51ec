import csv
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from experiments.clone import REPOSITORY
from stages import featurize
from stages.lib.cache import digests
from stages.lib.feature_store import load_clips, open_features, recordings_of
from stages.lib.features import features_key
from stages.lib.features.clip_faults import recording_faults
from stages.lib.features.feature_params import FeatureParams
from stages.lib.features.window import window_features
from stages.lib.runtime.atomic_write import remove
from stages.lib.runtime.faults import InputFaults
from stages.lib.runtime.params import read_params
from stages.lib.tables.clips import by_recording, read_clips
from tests.support.edit import replace_in

RECORDINGS = Path("data/tiny/recordings")
TABLE = Path("data/tiny/clips.csv")


def shards() -> dict[str, Path]:
    """Return the shards by the stem of their recordings."""
    return {path.name.split(".")[0]: path for path in sorted(Path("features").glob("*.npy"))}


def change_times() -> dict[str, int]:
    return {name: path.stat().st_mtime_ns for name, path in shards().items()}


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}


def remove_rows(recording: str) -> None:
    rows = [line for line in TABLE.read_text().splitlines() if f",{recording}," not in line]
    TABLE.write_text("\n".join(rows) + "\n")


def refused() -> list[str]:
    with pytest.raises(InputFaults) as refusal:
        featurize.main()
    return refusal.value.lines


def test_recordings_of_one_name_in_several_folders_have_shards_of_their_own(data_set):
    text = TABLE.read_text()
    for number, day in enumerate(("05", "06", "07")):
        path = Path("data/tiny/recordings") / f"2019/07/{day}/000000.wav"
        path.parent.mkdir(parents=True)
        Path(f"data/tiny/recordings/sea{number:02d}.wav").rename(path)
        text = text.replace(f"sea{number:02d}.wav", f"2019/07/{day}/000000.wav")
        text = text.replace(f"sea{number:02d}_", f"2019--07--{day}--000000_")
    TABLE.write_text(text)
    featurize.main()
    names = [f"2019--07--{day}--000000" for day in ("05", "06", "07")]
    assert list(shards()) == names
    features = open_features()
    clip_ids = [f"{name}_0000500" for name in names]
    assert recordings_of(features, clip_ids) == names
    for clip_id, recording in zip(clip_ids, by_recording(read_clips(TABLE)), strict=True):
        path = data_set / "data" / "tiny" / "recordings" / recording
        (expected,) = window_features(path, [0.5], read_params("featurize", FeatureParams))
        np.testing.assert_array_equal(load_clips(features, [clip_id])[0], expected)


@pytest.fixture
def featurized(data_set: Path) -> Path:
    """Return the folder of a data set that has been featurized once."""
    featurize.main()
    return data_set


@pytest.mark.usefixtures("featurized")
def test_there_is_one_shard_of_float16_a_recording():
    assert list(shards()) == ["sea00", "sea01", "sea02"]
    for path in shards().values():
        array = np.load(path)
        assert (array.dtype, array.shape) == (np.float16, (4, 40, 41))


@pytest.mark.usefixtures("featurized")
def test_the_index_leads_to_the_features_of_each_clip():
    params = read_params("featurize", FeatureParams)
    features = open_features()
    clips = read_clips(TABLE)
    assert set(features.places) == {clip.clip_id for clip in clips}
    for clip, array in zip(clips, load_clips(features, [clip.clip_id for clip in clips]), strict=True):
        (expected,) = window_features(RECORDINGS / clip.recording, [clip.start_s], params)
        np.testing.assert_array_equal(array, expected)


@pytest.mark.usefixtures("featurized")
def test_the_index_is_in_the_order_of_clip_ids():
    with Path("features/index.csv").open(newline="") as index:
        ids = [row[0] for row in csv.reader(index)][1:]
    assert ids == sorted(ids)


@pytest.mark.usefixtures("featurized")
def test_the_description_holds_params_and_shape():
    description = json.loads(Path("features/features.json").read_text())
    params = read_params("featurize", FeatureParams).model_dump(mode="json")
    assert description == {"params": params, "shapes": {"spectrogram": [40, 41]}}


@pytest.mark.usefixtures("featurized")
def test_a_second_run_recomputes_nothing():
    before = change_times()
    featurize.main()
    assert change_times() == before


@pytest.mark.usefixtures("featurized")
def test_a_killed_run_goes_on_where_it_was():
    content, before = shards()["sea01"].read_bytes(), change_times()
    lost = shards()["sea01"]
    lost.unlink()
    lost.with_name(f".partial-{lost.name}").write_bytes(b"half of a shard")
    featurize.main()
    after = change_times()
    assert {name for name in after if after[name] != before[name]} == {"sea01"}
    assert lost.read_bytes() == content
    assert sorted(path.name for path in Path("features").iterdir() if path.name.startswith(".")) == []


@pytest.mark.usefixtures("featurized")
@pytest.mark.parametrize(("old", "new"), [("pcen: true", "pcen: false"), ("hop_size: 50", "hop_size: 80")])
def test_a_changed_param_replaces_all_shards(old, new):
    before = shards()
    replace_in(Path("params.yaml"), old, new)
    featurize.main()
    assert list(shards()) == list(before)
    assert not set(shards().values()) & set(before.values())
    assert not any(path.exists() for path in before.values())


@pytest.mark.usefixtures("featurized")
def test_a_param_of_another_stage_replaces_nothing():
    before = change_times()
    replace_in(Path("params.yaml"), "epochs: 2", "epochs: 3")
    featurize.main()
    assert change_times() == before


@pytest.mark.usefixtures("featurized")
def test_removing_a_recording_removes_its_shard_and_keeps_the_others():
    before = change_times()
    remove_rows("sea01.wav")
    (RECORDINGS / "sea01.wav").unlink()
    featurize.main()
    assert change_times() == {name: before[name] for name in ("sea00", "sea02")}
    assert len(open_features().places) == 8


@pytest.mark.usefixtures("featurized")
def test_a_changed_recording_is_computed_again_and_no_other():
    before = change_times()
    soundfile.write(RECORDINGS / "sea02.wav", 0.1 * np.random.default_rng(9).standard_normal(8000), 4000)
    featurize.main()
    after = change_times()
    assert {name for name in after if after[name] != before[name]} == {"sea02"}


@pytest.mark.usefixtures("featurized")
def test_a_corrected_label_recomputes_nothing():
    before = change_times()
    replace_in(TABLE, "sea00.wav,0.0,nocall", "sea00.wav,0.0,call")
    featurize.main()
    assert change_times() == before


@pytest.mark.usefixtures("data_set")
def test_a_clip_does_not_depend_on_the_other_clips_of_its_recording():
    params = read_params("featurize", FeatureParams)
    clips = by_recording(read_clips(TABLE))["sea00.wav"]
    together = window_features(RECORDINGS / "sea00.wav", [clip.start_s for clip in clips], params)
    for clip, array in zip(clips, together, strict=True):
        alone = window_features(RECORDINGS / "sea00.wav", [clip.start_s], params)
        np.testing.assert_array_equal(alone[0], array)


@pytest.mark.usefixtures("data_set")
@pytest.mark.parametrize("value", [0.0, -1.0, 0.5])
def test_clips_without_sound_are_named_by_line_and_the_others_are_filled(value):
    samples, _ = soundfile.read(RECORDINGS / "sea00.wav")
    samples[1000:4100] = value
    soundfile.write(RECORDINGS / "sea00.wav", samples, 4000)
    path = RECORDINGS / "sea00.wav"
    assert refused() == [
        f"{TABLE}:3: sea00_0000500 holds 0.000 s of sound from 0.5 s of {path} on, and a clip needs 10% of its 0.5 s; "
        "remove the clip"
    ]
    assert not Path("features").exists()
    replace_in(TABLE, "sea00_0000500,sea00.wav,0.5,call,bay\n", "")
    featurize.main()
    features = open_features()
    arrays = load_clips(features, list(features.places))
    assert np.isfinite(arrays).all()
    # Each filled clip is as loud as the others of its recording.
    means = arrays.astype(float).mean(axis=(1, 2))
    assert means[:3].min() > 0.5 * means.mean()


@pytest.mark.usefixtures("data_set")
def test_recordings_of_a_low_rate_are_named_and_what_they_lack_is_unknown(capsys):
    samples, _ = soundfile.read(RECORDINGS / "sea01.wav")
    soundfile.write(RECORDINGS / "sea01.wav", samples[::2], 2000)
    featurize.main()
    assert capsys.readouterr().out.startswith(
        "recorded at 2000 Hz, which holds nothing above 1000 Hz, while featurize.max_hz is 2000; "
        "missing bands count as unknown (1 in all): sea01.wav\n"
    )
    features = open_features()
    unknown = np.isnan(load_clips(features, sorted(features.places)))
    assert unknown[4:8, -1].all()
    assert not unknown[:4].any()
    assert not unknown[4:8, 0].any()


@pytest.mark.usefixtures("data_set")
def test_a_recording_that_holds_none_of_the_bands_is_a_fault():
    samples, _ = soundfile.read(RECORDINGS / "sea01.wav")
    soundfile.write(RECORDINGS / "sea01.wav", samples, 80)
    (fault,) = refused()
    assert fault.startswith(f"{TABLE}:6: {RECORDINGS / 'sea01.wav'} holds nothing above 40 Hz")
    clips = [clip for clip in read_clips(TABLE) if clip.recording == "sea01.wav"]
    probe = read_params("featurize", FeatureParams).model_copy(update={"views": ("embedding",)})
    # A probe sees no bands.
    assert recording_faults(TABLE, RECORDINGS / "sea01.wav", clips, probe) == []


@pytest.mark.usefixtures("data_set")
def test_a_channel_of_two_gives_what_it_gives_alone():
    featurize.main()
    features = open_features()
    alone = load_clips(features, sorted(features.places))
    for path in RECORDINGS.iterdir():
        samples, _ = soundfile.read(path)
        noise = 0.1 * np.random.default_rng(5).standard_normal(len(samples))
        soundfile.write(path, np.column_stack([noise, samples]), 4000)
    replace_in(Path("params.yaml"), "channel: mix", "channel: 2")
    featurize.main()
    features = open_features()
    np.testing.assert_array_equal(load_clips(features, sorted(features.places)), alone)
    replace_in(Path("params.yaml"), "channel: 2", "channel: 3")
    assert "has no channel 3" in refused()[0]


def spoil(folder: Path) -> None:
    """Make one recording missing, one silent, and let a clip of the third begin after its end."""
    (folder / RECORDINGS / "sea00.wav").unlink()
    soundfile.write(folder / RECORDINGS / "sea01.wav", np.zeros(8000), 4000)
    replace_in(folder / TABLE, "sea02_0001500,sea02.wav,1.5", "sea02_0002000,sea02.wav,2.0")


def test_the_faults_of_all_inputs_are_listed_before_anything_is_computed(data_set):
    spoil(data_set)
    assert refused() == [
        f"{TABLE}:2: there is no file {RECORDINGS / 'sea00.wav'}; add it, or remove its clips",
        f"{TABLE}:6: {RECORDINGS / 'sea01.wav'} is silent from end to end (its samples do not vary); leave it out",
        f"{TABLE}:13: sea02_0002000 begins at 2.0 s, but {RECORDINGS / 'sea02.wav'} ends at 2.000 s; "
        "correct start_s or remove the clip",
    ]
    assert not Path("features").exists()


def test_faults_leave_the_features_as_they_were(featurized):
    before = snapshot(Path("features"))
    spoil(featurized)
    replace_in(Path("params.yaml"), "pcen: true", "pcen: false")
    assert len(refused()) == 3
    assert snapshot(Path("features")) == before


def test_a_person_sees_one_line_a_fault_and_no_traceback(data_set):
    spoil(data_set)
    done = subprocess.run(
        [sys.executable, "-m", "stages.featurize"],
        cwd=data_set,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert [line.split(" ")[0] for line in done.stderr.splitlines()] == [f"{TABLE}:{line}:" for line in (2, 6, 13)]


@pytest.mark.usefixtures("featurized")
def test_a_damaged_shard_is_computed_again():
    before = {name: path.read_bytes() for name, path in shards().items()}
    damaged = shards()["sea01"]
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
    featurize.main()
    assert {name: path.read_bytes() for name, path in shards().items()} == before


def test_a_recording_that_is_lost_after_it_was_checked_is_a_fault_of_the_input(data_set):
    params = read_params("featurize", FeatureParams)
    clips = by_recording(read_clips(TABLE))["sea01.wav"]
    path = RECORDINGS / "sea01.wav"
    assert featurize.recording_faults(TABLE, path, clips, params) == []
    path.write_bytes(path.read_bytes()[:10])
    with pytest.raises(InputFaults) as refusal:
        featurize.featurize(TABLE, path, clips, params, "spectrogram")
    assert refusal.value.lines[0].startswith(f"{TABLE}:6: {path} is not audio")


@pytest.mark.usefixtures("data_set")
def test_a_recording_that_changes_while_it_is_computed_gets_no_shard(monkeypatch):
    table, path = TABLE.read_bytes(), RECORDINGS / "sea01.wav"

    def change_and_compute(*arguments):
        soundfile.write(path, 0.1 * np.random.default_rng(9).standard_normal(8000), 4000)
        _, computed, clips, params, _ = arguments
        return window_features(computed, [clip.start_s for clip in clips], params)

    monkeypatch.setattr(featurize, "featurize", change_and_compute)
    (fault,) = refused()
    assert fault.startswith(f"{path}: was changed while the stage ran")
    # The recording before it was finished, and those after it were not begun.
    assert list(shards()) == ["sea00"]
    assert TABLE.read_bytes() == table


@pytest.mark.usefixtures("data_set")
def test_a_recording_of_many_clips_is_computed_in_blocks_and_is_the_same(monkeypatch):
    featurize.main()
    whole = {name: path.read_bytes() for name, path in shards().items()}
    remove(Path("features"))
    monkeypatch.setattr(featurize, "BLOCK_CLIPS", 3)
    featurize.main()
    assert {name: path.read_bytes() for name, path in shards().items()} == whole


@pytest.mark.usefixtures("featurized")
def test_nothing_is_read_again_that_has_not_changed(monkeypatch):
    for path in [*RECORDINGS.iterdir(), *shards().values()]:
        os.utime(path, ns=(10**18, 10**18))
    featurize.main()
    read = []
    monkeypatch.setattr(digests, "file_digest", read.append)
    featurize.main()
    assert read == []


@pytest.mark.usefixtures("featurized")
def test_without_its_memory_the_machine_computes_nothing_again():
    before = change_times()
    remove(featurize.MEMORY)
    featurize.main()
    assert change_times() == before


@pytest.mark.usefixtures("data_set")
def test_how_fast_it_went_is_said_where_something_was_computed(capsys):
    featurize.main()
    assert re.fullmatch(r"12 clips: \d+\.\d per second, \d+\.\d hours of audio per minute\n", capsys.readouterr().out)
    featurize.main()
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("data_set")
def test_a_shard_that_other_code_has_written_is_not_taken_for_up_to_date(tmp_path, monkeypatch):
    params = read_params("featurize", FeatureParams)
    clips = by_recording(read_clips(TABLE))["sea00.wav"]
    window, keys = features_key.VIEWS["spectrogram"].source, set()
    for added in ("", "\n# The features are computed otherwise from here on.\n"):
        edited = tmp_path / "window.py"
        edited.write_text(window.read_text() + added)
        view = features_key.VIEWS["spectrogram"]._replace(source=edited)
        monkeypatch.setattr(features_key, "VIEWS", {"spectrogram": view})
        features_key.made_by.cache_clear()
        keys.add(features_key.features_key("0" * 16, clips, params, "spectrogram"))
        monkeypatch.undo()
    features_key.made_by.cache_clear()
    assert len(keys) == 2


def test_main_names_every_recording_that_is_there_under_two_names(data_set):
    recordings, table = data_set / "data" / "tiny" / "recordings", data_set / "data" / "tiny" / "clips.csv"
    for name in ("sea00 (1)", "copy"):
        shutil.copy(recordings / "sea00.wav", recordings / f"{name}.wav")
        with table.open("a") as file:
            file.write(f"{name}_0000000,{name}.wav,0.0,call,bay\n")
    with pytest.raises(InputFaults) as refusal:
        featurize.main()
    kept = "data/tiny/recordings/copy.wav"
    assert refusal.value.lines == [
        f"data/tiny/clips.csv:{line}: data/tiny/recordings/{name}.wav holds the same bytes as {kept}; remove one of "
        "them, and its clips"
        for line, name in ((14, "sea00 (1)"), (2, "sea00"))
    ]
    assert not (data_set / "features").exists()
