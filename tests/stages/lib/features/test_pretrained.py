import json

import pytest

from stages.lib.features.feature_params import FeatureParams
from stages.lib.features.features_key import features_key
from stages.lib.features.pretrained import read_pretrained, weights_digest
from stages.lib.runtime.atomic_write import write_json
from stages.lib.runtime.faults import InputFaults
from stages.lib.tables.clips import Clip
from tests.support.feature_params import PARAMS

DESCRIBED = {
    "weights": "weights.tflite",
    "sample_rate": 4000,
    "window_s": 0.5,
    "output": "embedding",
    "size": 12,
    "licence": "CC0",
    "source": "made on the spot",
}
CLIPS = [Clip(2, "sea_0000000", "sea.wav", 0.0, "call", "")]


@pytest.fixture
def folder(tmp_path):
    """A pretrained model of which nothing is loaded."""
    (tmp_path / "weights.tflite").write_bytes(b"weights")
    digest = weights_digest(tmp_path / "weights.tflite")
    write_json(tmp_path / "pretrained.json", DESCRIBED | {"sha256": digest})
    return tmp_path


def test_the_digest_of_a_folder_depends_on_names_and_contents(tmp_path):
    digests = set()
    for number, files in enumerate(({"a": "1", "b": "2"}, {"a": "12", "b": ""}, {"a": "1", "c": "2"}, {"a": "1"})):
        model = tmp_path / str(number)
        model.mkdir()
        for name, content in files.items():
            (model / name).write_text(content)
        digests.add(weights_digest(model))
    assert len(digests) == 4


def test_a_description_is_read(folder):
    assert read_pretrained(folder).model_dump().items() >= DESCRIBED.items()


def test_a_folder_that_describes_no_model_holds_none(tmp_path):
    write_json(tmp_path / "pretrained.json", {})
    assert read_pretrained(tmp_path) is None


@pytest.mark.parametrize("content", [None, "weights", '{"size": 12}', "[]"])
def test_a_folder_that_cannot_be_used_is_refused_in_a_line(folder, content):
    path = folder / "pretrained.json"
    path.unlink()
    if content is not None:
        path.write_text(content)
    if content == "[]":
        assert read_pretrained(folder) is None
        return
    with pytest.raises(InputFaults) as refusal:
        read_pretrained(folder)
    (fault,) = refusal.value.lines
    assert fault.startswith(f"{path}: ")
    assert f"dvc pull --force {folder}.dvc" in fault


@pytest.mark.parametrize("content", [None, b"others"])
def test_weights_that_are_not_those_described_are_refused(folder, content):
    (folder / "weights.tflite").unlink()
    if content:
        (folder / "weights.tflite").write_bytes(content)
    with pytest.raises(
        InputFaults, match=r"weights\.tflite: is not what .*pretrained\.json describes; run git checkout"
    ):
        read_pretrained(folder)


def test_each_view_depends_on_what_it_is_made_from(folder):
    pretrained = read_pretrained(folder)
    other = pretrained.model_copy(update={"sha256": "0"})
    both = PARAMS.model_copy(update={"views": ("spectrogram", "embedding"), "pretrained": "tiny"})

    def keys(params, model):
        return [features_key("0", CLIPS, params, view, model) for view in ("spectrogram", "embedding")]

    spectrogram, embedding = keys(both, pretrained)
    assert spectrogram != embedding
    for changes, same in (
        ({"views": ("embedding",)}, (True, True)),
        ({"pcen": False}, (False, True)),
        ({"speeds": (8.0,)}, (True, False)),
        ({"channel": 1}, (False, False)),
    ):
        changed = keys(both.model_copy(update=changes), pretrained)
        assert (changed[0] == spectrogram, changed[1] == embedding) == same, changes
    assert keys(both, other)[0] == spectrogram
    assert keys(both, other)[1] != embedding


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"views": ["embedding"]}, "pretrained"),
        ({"views": ["spectrogram", "spectrogram"]}, "once"),
        ({"views": []}, "at least 1"),
        ({"views": ["picture"]}, "spectrogram"),
        ({"speeds": [2.0, 2]}, "once"),
        ({"speeds": [0]}, "greater than"),
        ({"pretrained": "../birdnet"}, "match"),
    ],
)
def test_views_that_cannot_be_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        FeatureParams.model_validate(json.loads(PARAMS.model_dump_json()) | changes)


def test_whole_numbers_are_speeds_too():
    params = FeatureParams.model_validate(json.loads(PARAMS.model_dump_json()) | {"speeds": [4, 8]})
    assert params.speeds == (4.0, 8.0)
