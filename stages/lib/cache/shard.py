"""Shards: files with the arrays of one recording, named after a digest of their inputs and a digest of their content.

The name is `<stem>.<digest of the inputs>-<digest of the content>.npy`. So a killed run continues where it stopped, and
a stale or damaged shard is always recognised.
"""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from stages.lib.cache.digests import FileHash
from stages.lib.runtime.atomic_write import atomic_write


def shards_in(folder: Path) -> list[Path]:
    """Return all files in a folder that are named like shards; an empty list if there is no folder."""
    return sorted(folder.glob("*.*-*.npy"))


def key_of(shard: Path) -> str:
    """Return `<stem>.<digest of the inputs>` from the name of a shard."""
    return shard.stem.rpartition("-")[0]


def content_of(shard: Path) -> str:
    """Return the digest of the content from the name of a shard."""
    return shard.stem.rpartition("-")[2]


def intact(shards: Iterable[Path], seen: Mapping[str, FileHash]) -> dict[str, str]:
    """Return the names of the shards whose content matches their names.

    Parameters
    ----------
    shards : iterable of Path
    seen : mapping
        From path to the file's current hash.

    Returns
    -------
    dict
        From `<stem>.<digest of the inputs>` to the whole name.
    """
    return {key_of(shard): shard.name for shard in shards if seen[str(shard)].digest == content_of(shard)}


def write_shard(folder: Path, stem: str, made_from: str, arrays: np.ndarray) -> str:
    """Write the arrays of a recording, shape (clips, ...), and return the name of the shard.

    Parameters
    ----------
    folder : Path
    stem : str
        Stem of the recording.
    made_from : str
        Digest of everything that the content depends on.
    arrays : ndarray
    """
    return write_blocks(folder, stem, made_from, [arrays], shape=arrays.shape, dtype=arrays.dtype)


def write_blocks(
    folder: Path, stem: str, made_from: str, blocks: Iterable[np.ndarray], *, shape: tuple[int, ...], dtype: np.dtype
) -> str:
    """Write a shard from blocks of clips, with only one block in memory at a time.

    Parameters
    ----------
    folder, stem, made_from
        As for `write_shard`.
    blocks : iterable of ndarray, shape (clips of the block, ...)
    shape, dtype
        Shape and type of all blocks together.
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
    # The digest of the content is only known now. Until then, the file is not named like a shard.
    return unnamed.rename(folder / f"{stem}.{made_from}-{digest.hexdigest()[:16]}.npy").name
