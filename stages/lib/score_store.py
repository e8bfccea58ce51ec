"""What a model has scored already: log-odds by recording, so that a larger pool costs what is new in it.

This is the memory of one machine and no part of any result: without it, the whole pool is scored once more.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from stages.lib import model_folder
from stages.lib.calibration import probability
from stages.lib.digests import file_digest, look_at, short_digest
from stages.lib.feature_store import Features, refuse_missing
from stages.lib.shard import intact, origin_of, shards_in, write_shard
from stages.lib.whole import remove

FOLDER = Path(".cache/scores")
# What computes the scores, besides the weights. Named, because to import some of these is to load TensorFlow.
MODULES = ("batch_normalisation.py", "determinism.py", "model_folder.py", "network.py", "normalisation.py")
LIBRARIES = ("numpy", "tensorflow", "keras")
# Recordings are scored together up to so many clips, since a batch that is not full costs as much as one that is.
GROUP_CLIPS = 16 * model_folder.BATCH_SIZE


class Part(NamedTuple):
    """The clips of a recording that are to be scored: its stem, the digest of what decides their scores, their ids."""

    stem: str
    origin: str
    clip_ids: list[str]

    @property
    def key(self) -> str:
        """What its shard is known by."""
        return f"{self.stem}.{self.origin}"


@cache
def made_by() -> bytes:
    """Return what the scores are computed by, besides the weights."""
    sources = [Path(__file__).with_name(module).read_bytes() for module in MODULES]
    return b"\0".join(sources + [version(library).encode() for library in LIBRARIES])


def parts_of(clip_ids: Iterable[str], features: Features, model: Path) -> list[Part]:
    """Divide clips by recording."""
    of_model = [f"{path.name} {file_digest(path)}" for path in sorted(model.iterdir())]
    by_shard = defaultdict(list)
    for clip_id in clip_ids:
        shard, row = features.places[clip_id]
        by_shard[shard].append((row, clip_id))
    parts = []
    for shard, clips in sorted(by_shard.items()):
        # The name of a shard says what it holds.
        decisive = "\0".join([*of_model, shard, repr([row for row, _ in clips])])
        stem = origin_of(Path(shard)).rpartition(".")[0]
        parts.append(Part(stem, short_digest(made_by() + decisive.encode()), [clip_id for _, clip_id in clips]))
    return parts


def in_groups(parts: Iterable[Part]) -> Iterator[list[Part]]:
    """Yield parts together, as many as make a good number of clips."""
    group, count = [], 0
    for part in parts:
        group.append(part)
        count += len(part.clip_ids)
        if count >= GROUP_CLIPS:
            yield group
            group, count = [], 0
    if group:
        yield group


def log_odds_by_part(model: model_folder.Model, features: Features, parts: Sequence[Part]) -> Iterator[np.ndarray]:
    """Score parts together and yield the log-odds of each."""
    clip_ids = [clip_id for part in parts for clip_id in part.clip_ids]
    ends = np.cumsum([len(part.clip_ids) for part in parts])
    yield from np.split(model_folder.log_odds_of(model, features, clip_ids), ends[:-1])


def scores_of(
    model: model_folder.Model, folder: Path, features: Features, clip_ids: Sequence[str], memory: Path = FOLDER
) -> np.ndarray:
    """Return `p_call` of clips, as `score_clips` does; only what is not in the memory goes through the network.

    Parameters
    ----------
    model : Model
    folder : Path
        Where it was loaded from.
    features : Features
    clip_ids : sequence of str
        They have features.
    memory : Path
        A folder; afterwards it holds the scores of these clips and nothing else.
    """
    refuse_missing(features, clip_ids)
    parts = parts_of(clip_ids, features, folder)
    shards = shards_in(memory)
    ready = intact(shards, look_at(shards, {}))
    new = [part for part in parts if part.key not in ready]
    with tqdm(total=sum(len(part.clip_ids) for part in new), desc="score", unit="clip", disable=None) as progress:
        for group in in_groups(new):
            for part, log_odds in zip(group, log_odds_by_part(model, features, group), strict=True):
                memory.mkdir(parents=True, exist_ok=True)
                ready[part.key] = write_shard(memory, part.stem, part.origin, log_odds)
                progress.update(len(part.clip_ids))
    names = [ready[part.key] for part in parts]
    for stale in set(shards) - {memory / name for name in names}:
        remove(stale)
    log_odds_of = {
        clip_id: log_odds
        for part, name in zip(parts, names, strict=True)
        for clip_id, log_odds in zip(part.clip_ids, np.load(memory / name, allow_pickle=False), strict=True)
    }
    return probability(np.array([log_odds_of[clip_id] for clip_id in clip_ids], np.float32), model.temperature)
