import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from experiments.clone import REPOSITORY
from stages.lib.cache.shard import write_shard
from stages.lib.feature_store import load_clips, open_features
from stages.lib.model import scoring
from stages.lib.model.model_folder import Model, load_model, save_model
from stages.lib.model.network import build_network
from stages.lib.model.normalisation import Normalisation
from stages.lib.model.scoring import log_odds_of
from stages.lib.query import score_store
from stages.lib.query.score_store import stored_log_odds
from stages.lib.runtime.atomic_write import remove, write_json
from stages.lib.runtime.determinism import pin
from stages.lib.runtime.faults import InputFaults
from stages.lib.runtime.table import write_table
from tests.support.edit import replace_in

RECORDINGS = {"sea": 30, "bay": 50, "lake": 7}


def arrays_of(name: str) -> np.ndarray:
    random = np.random.default_rng(len(name))
    return random.standard_normal((RECORDINGS[name], 40, 41)).astype(np.float16)


def write(folder: Path, recordings: dict[str, np.ndarray]) -> None:
    """Write a folder of features with a shard a recording."""
    folder.mkdir(exist_ok=True)
    shards = {name: write_shard(folder, name, "0" * 16, arrays) for name, arrays in recordings.items()}
    places = [(f"{name}_{row}", shards[name], row) for name, arrays in recordings.items() for row in range(len(arrays))]
    write_table(folder / "index.csv", ("clip_id", "spectrogram", "row"), places)
    write_json(folder / "features.json", {"params": {}, "shapes": {"spectrogram": [40, 41]}})


@pytest.fixture
def features(tmp_path, monkeypatch):
    """Features of three recordings, in the folder that the test runs in, and the folder of a model."""
    monkeypatch.chdir(tmp_path)
    write(Path("features"), {name: arrays_of(name) for name in RECORDINGS})
    save(seed=0)
    return open_features()


def save(seed: int) -> None:
    features = open_features()
    pin(seed)
    normalisation = Normalisation.learn([load_clips(features, list(features.places))])
    save_model(Path("model"), Model(build_network((40, 41)), features.description, normalisation, 1.7))


def scores(clip_ids: list[str] | None = None) -> np.ndarray:
    features = open_features()
    clip_ids = list(features.places) if clip_ids is None else clip_ids
    return stored_log_odds(load_model(Path("model"), features), Path("model"), features, clip_ids)


@pytest.fixture
def scored(monkeypatch) -> list[str]:
    """The clips that go through the network."""
    went_through = []
    through = scoring.through

    def noting(output, features, clip_ids, width):
        went_through.extend(clip_ids)
        return through(output, features, clip_ids, width)

    monkeypatch.setattr(scoring, "through", noting)
    return went_through


def of(name: str) -> list[str]:
    return [f"{name}_{row}" for row in range(RECORDINGS[name])]


def test_the_scores_are_those_of_the_model_in_the_order_asked_for(features):
    clip_ids = list(np.random.default_rng(0).permutation(list(features.places))[:60])
    expected = log_odds_of(load_model(Path("model"), features), features, clip_ids)
    for _ in range(2):
        np.testing.assert_array_equal(scores(clip_ids), expected)


def test_what_was_scored_is_not_scored_again(features, scored):
    first = scores()
    assert sorted(scored) == sorted(features.places)
    scored.clear()
    np.testing.assert_array_equal(scores(), first)
    assert scored == []


def test_only_a_new_recording_is_scored(features, scored):
    write(Path("features"), {name: arrays_of(name) for name in ("sea", "lake")})
    scores()
    scored.clear()
    write(Path("features"), {name: arrays_of(name) for name in RECORDINGS})
    assert len(scores()) == 87
    assert scored == of("bay")


def test_only_a_changed_recording_is_scored(features, scored):
    first = scores()
    scored.clear()
    write(Path("features"), {name: arrays_of(name) + (name == "bay") for name in RECORDINGS})
    assert (scores() != first).sum() > 40
    assert scored == of("bay")


def test_a_recording_of_which_other_clips_are_asked_for_is_scored(features, scored):
    scores()
    scored.clear()
    scores([*of("sea"), *of("bay")[1:]])
    assert scored == of("bay")[1:]


def test_another_model_scores_everything(features, scored):
    first = scores()
    scored.clear()
    save(seed=1)
    assert (scores() != first).any()
    assert len(scored) == 87


def test_other_code_scores_everything(features, scored, monkeypatch):
    scores()
    scored.clear()
    monkeypatch.setattr(score_store, "made_by", lambda: b"other code")
    scores()
    assert len(scored) == 87


# Scores all clips with the code of a copy of the repository. Prints the scores, and `made_by` as it is and after an
# edit of each module that was loaded.
SCORE = """
import json, sys
from pathlib import Path
from stages.lib.feature_store import open_features
from stages.lib.model.model_folder import load_model
from stages.lib.query import score_store
features = open_features()
model = load_model(Path("model"), features)
scores = score_store.stored_log_odds(model, Path("model"), features, list(features.places))
loaded = [module for name, module in sys.modules.items() if name.partition(".")[0] == "stages"]
modules = {Path(module.__file__) for module in loaded if module.__file__}
edited = {}
for path in sorted(modules):
    original = path.read_bytes()
    path.write_bytes(original + b"# An edit.\\n")
    score_store.made_by.cache_clear()
    edited[path.name] = score_store.made_by().hex()
    path.write_bytes(original)
score_store.made_by.cache_clear()
print(json.dumps({"scores": scores.tolist(), "made_by": score_store.made_by().hex(), "edited": edited}))
"""


@pytest.fixture
def code(tmp_path) -> Path:
    """A copy of the stages, to be edited."""
    return shutil.copytree(REPOSITORY / "stages", tmp_path / "code" / "stages").parent


def score_with(code: Path) -> dict:
    command = [sys.executable, "-B", "-c", f"import sys; sys.path.insert(0, {str(code)!r})\n{SCORE}"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


@pytest.mark.prove
def test_an_edit_of_any_module_that_is_loaded_scores_everything(features, code):
    said = score_with(code)
    assert {"feature_store.py", "network.py", "score_store.py", "table.py"} <= set(said["edited"])
    assert [name for name, made_by in said["edited"].items() if made_by == said["made_by"]] == []


@pytest.mark.prove
def test_an_edit_gives_the_same_scores_with_the_memory_as_without(features, code):
    first = score_with(code)["scores"]
    replace_in(code / "stages" / "lib" / "feature_store.py", "= shard[row]", "= shard[row] + np.float16(1)")
    remembering = score_with(code)["scores"]
    remove(score_store.FOLDER)
    assert remembering == score_with(code)["scores"] != first


def test_the_scores_do_not_depend_on_what_was_scored_before(features):
    expected = scores()
    for shard in score_store.FOLDER.iterdir():
        if shard.name.startswith(("bay", "lake")):
            shard.unlink()
    np.testing.assert_array_equal(scores(), expected)


def test_damaged_scores_are_made_again(features, scored):
    first = scores()
    scored.clear()
    (shard,) = score_store.FOLDER.glob("bay*")
    shard.write_bytes(shard.read_bytes()[:-1] + b"?")
    np.testing.assert_array_equal(scores(), first)
    assert scored == of("bay")


def test_what_is_no_longer_asked_for_is_forgotten(features):
    scores()
    scores(of("lake"))
    assert [path.name.split(".")[0] for path in score_store.FOLDER.iterdir()] == ["lake"]


def test_a_run_that_was_killed_goes_on_where_it_was(features, scored, monkeypatch):
    expected = scores()
    remove(score_store.FOLDER)
    scored.clear()

    def dying(*arguments):
        yield next(log_odds_by_batch(*arguments))
        raise KeyboardInterrupt

    log_odds_by_batch = score_store.log_odds_by_batch
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(score_store, "log_odds_by_batch", dying)
        scores()
    assert scored == [*of("bay"), *of("lake"), *of("sea")[:7]]
    scored.clear()
    np.testing.assert_array_equal(scores(), expected)
    assert scored == of("sea")


def test_no_clips_have_no_scores(features):
    assert scores([]).shape == (0,)


def test_a_clip_without_features_is_a_fault(features):
    with pytest.raises(InputFaults) as refusal:
        scores(["sea_0", "pond_1"])
    assert refusal.value.lines == ["features/index.csv: there is no clip pond_1; run dvc repro to featurize it"]
