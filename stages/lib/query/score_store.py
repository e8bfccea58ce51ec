"""Cache of a model's scores: log-odds by recording, so that only new clips of a larger pool are scored.

The cache belongs to one machine and affects no result: without it, the whole pool is scored again.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from stages.lib.cache.digests import file_digest, hash_files, short_digest
from stages.lib.cache.shard import intact, key_of, shards_in, write_shard
from stages.lib.cache.sources import code_and_versions
from stages.lib.cluster.cluster import Cluster
from stages.lib.feature_store import Features, in_batches, load_views, refuse_missing
from stages.lib.model import scoring
from stages.lib.model.model_folder import Model, model_files
from stages.lib.runtime.atomic_write import remove

FOLDER = Path(".cache/scores")
# The libraries that compute the scores.
LIBRARIES = ("numpy", "tensorflow", "keras")


class Part(NamedTuple):
    """The clips of one recording to score: the recording's stem, a digest of everything scores depend on, the ids."""

    stem: str
    made_from: str
    clip_ids: list[str]

    @property
    def key(self) -> str:
        """The key of its shard."""
        return f"{self.stem}.{self.made_from}"


@cache
def made_by() -> bytes:
    """Return what computes the scores, except for the weights."""
    return code_and_versions(Path(__file__), LIBRARIES)


def parts_of(clip_ids: Iterable[str], features: Features, model: Path) -> list[Part]:
    """Divide clips by recording."""
    of_model = [f"{path.name} {file_digest(path)}" for path in sorted(model.iterdir())]
    by_shards = defaultdict(list)
    for clip_id in clip_ids:
        shards, row = features.places[clip_id]
        by_shards[shards].append((row, clip_id))
    parts = []
    for shards, clips in sorted(by_shards.items()):
        # The name of a shard contains a digest of its content.
        decisive = "\0".join([*of_model, *shards, repr([row for row, _ in clips])])
        stem = key_of(Path(shards[0])).rpartition(".")[0]
        parts.append(Part(stem, short_digest(made_by() + decisive.encode()), [clip_id for _, clip_id in clips]))
    return parts


def log_odds_by_batch(
    model: Model, folder: Path, features: Features, clip_ids: Sequence[str], cluster: Cluster | None
) -> Iterator[np.ndarray]:
    """Score clips in full batches, since a partial batch costs as much as a full one."""
    batches = in_batches(clip_ids, scoring.BATCH_SIZE)
    if cluster is None:
        return (scoring.log_odds_of(model, features, batch) for batch in batches)
    files = cluster.hold(model_files(folder))
    return cluster.results(scoring.log_odds_by, ((files, load_views(features, batch)) for batch in batches))


def by_part(parts: Iterable[Part], batches: Iterator[np.ndarray]) -> Iterator[tuple[Part, np.ndarray]]:
    """Regroup the scores of batches by part."""
    scored = np.empty(0, np.float32)
    for part in parts:
        pieces = [scored]
        while sum(map(len, pieces)) < len(part.clip_ids):
            pieces.append(next(batches))
        log_odds, scored = np.split(np.concatenate(pieces), [len(part.clip_ids)])
        yield part, log_odds


def stored_log_odds(
    model: Model,
    folder: Path,
    features: Features,
    clip_ids: Sequence[str],
    *,
    memory: Path = FOLDER,
    cluster: Cluster | None = None,
) -> np.ndarray:
    """Return the log-odds of clips, as `log_odds_of` does; only clips that are not in the cache are scored.

    Parameters
    ----------
    model : Model
    folder : Path
        The folder that the model was loaded from.
    features : Features
    clip_ids : sequence of str
        Clips with features.
    memory : Path
        The folder of the cache; afterwards it contains the scores of these clips only.
    cluster : Cluster or None
        Scores the clips instead of this process.
    """
    refuse_missing(features, clip_ids)
    parts = parts_of(clip_ids, features, folder)
    shards = shards_in(memory)
    ready = intact(shards, hash_files(shards, {}))
    new = [part for part in parts if part.key not in ready]
    new_clip_ids = [clip_id for part in new for clip_id in part.clip_ids]
    with tqdm(total=len(new_clip_ids), desc="score", unit="clip", disable=None) as progress:
        for part, log_odds in by_part(new, log_odds_by_batch(model, folder, features, new_clip_ids, cluster)):
            memory.mkdir(parents=True, exist_ok=True)
            ready[part.key] = write_shard(memory, part.stem, part.made_from, log_odds)
            progress.update(len(part.clip_ids))
    names = [ready[part.key] for part in parts]
    for stale in set(shards) - {memory / name for name in names}:
        remove(stale)
    log_odds_of = {
        clip_id: log_odds
        for part, name in zip(parts, names, strict=True)
        for clip_id, log_odds in zip(part.clip_ids, np.load(memory / name, allow_pickle=False), strict=True)
    }
    return np.array([log_odds_of[clip_id] for clip_id in clip_ids], np.float32)
