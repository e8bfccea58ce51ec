"""A small Git repository with the files that the label tools read."""

import shutil
from pathlib import Path

import yaml

from experiments.clone import SMALL, commit, git
from stages.lib.tables.clips import NOCALL
from stages.lib.tables.pool import AUDIT, CHOSEN, UNCERTAIN, PoolClip, write_pool

HEADER = "clip_id,label,annotator,date,note\n"
# Two recordings; `deep` lies in a folder and is the one whose clips are queued out of the order of time.
CLIPS = """clip_id,recording,start_s,label,site
bay_0000000,bay.flac,0,call,
bay_0003000,bay.flac,3,nocall,
bay_0010500,bay.flac,10.5,,
deep_0000000,2019/deep.flac,0,call,
deep_0004000,2019/deep.flac,4,nocall,
deep_0008000,2019/deep.flac,8,nocall,
test_0000000,test.flac,0,call,
"""
SPLIT = """clip_id,part,label
bay_0000000,train,call
bay_0003000,pool,nocall
bay_0010500,pool,
deep_0000000,pool,call
deep_0004000,pool,nocall
deep_0008000,valid,nocall
test_0000000,test,call
"""
QUEUE = HEADER + "deep_0004000,,,,\nbay_0003000,,,,\nbay_0010500,,,,\ndeep_0000000,,,,\n"
POOL = [
    PoolClip("bay_0003000", 0.41, UNCERTAIN, CHOSEN),
    PoolClip("bay_0010500", 0.59, UNCERTAIN, CHOSEN),
    PoolClip("deep_0000000", 0.1, NOCALL, AUDIT),
    PoolClip("deep_0004000", 0.48, UNCERTAIN, CHOSEN),
]
EXPERT = HEADER + "bay_0003000,nocall,val,2026-11-20,ferry\ndeep_0000000,call,val,2026-11-20,\n"


def write_label_files(folder: Path) -> Path:
    """Write the files into a folder that does not exist."""
    (folder / "data" / "reef").mkdir(parents=True)
    (folder / "labels").mkdir()
    params = yaml.safe_load(SMALL.read_text())["pipeline"] | {"data": {"dataset": "reef"}}
    (folder / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    (folder / "data" / "reef" / "clips.csv").write_text(CLIPS)
    for name, text in {"split": SPLIT, "queue": QUEUE, "expert": EXPERT}.items():
        (folder / "labels" / f"{name}.csv").write_text(text)
    write_pool(folder / "labels" / "pool_scores.csv", POOL)
    return folder


def make_label_repository(folder: Path) -> Path:
    """Write the files and commit those that the project commits."""
    write_label_files(folder)
    (folder / ".gitignore").write_text("/labels/split.csv\n/labels/pool_scores.csv\n/data\n")
    git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "config", "user.name", "An engineer")
    git(folder, "config", "user.email", "engineer@example.org")
    commit(folder, "Start")
    return folder


def without_outputs(folder: Path) -> None:
    """Take away what DVC would have to bring, as in a fresh clone."""
    shutil.rmtree(folder / "data")
    for name in ("split", "pool_scores"):
        (folder / "labels" / f"{name}.csv").unlink()


def expert_rows(folder: Path) -> list[str]:
    """Return the rows of labels/expert.csv without the header."""
    return (folder / "labels" / "expert.csv").read_text().splitlines()[1:]
