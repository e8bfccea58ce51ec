import numpy as np
import pytest

from stages.lib.feature_store import Features, Place, load_clips, open_features, recordings_of
from stages.lib.runtime.faults import InputFaults


@pytest.fixture
def features(tmp_path, write_features):
    """Open a folder of five clips in three shards; the array of clip N holds nothing but N."""
    arrays = {f"clip{number}": np.full((3, 4), number) for number in range(5)}
    write_features(tmp_path / "features", arrays, fft_size=128)
    return open_features(tmp_path / "features")


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4], [4, 0, 3, 1, 2], [2], [1, 1, 4, 1], []])
def test_clips_come_in_the_order_asked_for(features, order):
    arrays = load_clips(features, [f"clip{number}" for number in order])
    assert arrays.shape == (len(order), 3, 4)
    assert arrays.dtype == np.float16
    assert [set(array.ravel()) for array in arrays] == [{number} for number in order]


def test_the_recording_of_a_clip_is_told_by_its_shard(tmp_path):
    shards = {"a": "bay.1.0f3a-9c0d.npy", "b": "bay.2.0f3a-77aa.npy", "c": "bay.1.0f3a-9c0d.npy"}
    features = Features(tmp_path, {}, {clip_id: Place((shard,), 0) for clip_id, shard in shards.items()})
    assert recordings_of(features, ["c", "b", "a"]) == ["bay.1", "bay.2", "bay.1"]


def test_every_missing_clip_is_named(features):
    with pytest.raises(InputFaults) as refusal:
        load_clips(features, ["clip1", "lake1", "lake2"])
    index = features.folder / "index.csv"
    assert [fault.startswith(f"{index}: there is no clip lake") for fault in refusal.value.lines] == [True, True]


def test_a_folder_without_features_is_refused(tmp_path):
    with pytest.raises(InputFaults) as refusal:
        open_features(tmp_path / "features")
    assert refusal.value.lines == [f"{tmp_path / 'features'}: holds no features yet; run dvc repro"]


def test_the_description_is_read(features):
    assert features.description == {"params": {"fft_size": 128}, "shapes": {"spectrogram": [3, 4]}}
