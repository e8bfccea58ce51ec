"""Shards: the arrays of one recording, in a file whose name says what it was made from and what it holds.

The name is `<stem>.<digest of what it was made from>-<digest of the content>.npy`. So a run that was killed goes on
where it was, and neither a stale nor a damaged shard is ever taken for a good one, whatever has put it there.
"""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from stages.lib.cache.digests import FileHash
from stages.lib.runtime.atomic_write import atomic_write


def shards_in(folder: Path) -> list[Path]:
    """Return everything in a folder that has the name of a shard; an empty list where there is no folder."""
    return sorted(folder.glob("*.*-*.npy"))


def key_of(shard: Path) -> str:
    """Return `<stem>.<digest of what it was made from>` of a shard, by its name."""
    return shard.stem.rpartition("-")[0]


def content_of(shard: Path) -> str:
    """Return the digest of the content that a shard should have, by its name."""
    return shard.stem.rpartition("-")[2]


def intact(shards: Iterable[Path], seen: Mapping[str, FileHash]) -> dict[str, str]:
    """Return the names of the shards that hold what their names say, by what they were made from.

    Parameters
    ----------
    shards : iterable of Path
    seen : mapping
        From path to what the file holds now.

    Returns
    -------
    dict
        From `<stem>.<digest of what it was made from>` to the whole name.
    """
    return {key_of(shard): shard.name for shard in shards if seen[str(shard)].digest == content_of(shard)}


def write_shard(folder: Path, stem: str, made_from: str, arrays: np.ndarray) -> str:
    """Write the arrays of a recording, shape (clips, ...), and return the name of the shard.

    Parameters
    ----------
    folder : Path
    stem : str
        Of the recording.
    made_from : str
        Digest of everything that the content depends on.
    arrays : ndarray
    """
    return write_blocks(folder, stem, made_from, [arrays], shape=arrays.shape, dtype=arrays.dtype)


def write_blocks(
    folder: Path, stem: str, made_from: str, blocks: Iterable[np.ndarray], *, shape: tuple[int, ...], dtype: np.dtype
) -> str:
    """Do the same with arrays that come in blocks of clips, of which only one at a time is held.

    Parameters
    ----------
    folder, stem, made_from
        As for `write_shard`.
    blocks : iterable of ndarray, shape (some of the clips, ...)
    shape, dtype
        Of all blocks together.
    """
    digest = hashlib.sha256()
    unnamed = folder / f"{stem}.{made_from}.npy"
    with atomic_write(unnamed) as partial, partial.open("w+b") as file:
        npy.write_array_header_1_0(file, {"descr": npy.dtype_to_descr(dtype), "fortran_order": False, "shape": shape})
        file.seek(0)
        digest.update(file.read())
        for block in blocks:
            content = block.astype(dtype, copy=False).tobytes()
            digest.update(content)
            file.write(content)
    # Only now is it known what the name has to say. Until then it is no shard's.
    return unnamed.rename(folder / f"{stem}.{made_from}-{digest.hexdigest()[:16]}.npy").name
