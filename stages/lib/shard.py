"""Shards: the features of one recording, in a file whose name says what it was made from and what it holds.

The name is `<stem>.<digest of the origin>-<digest of the content>.npy`. So a run that was killed goes on where it was,
and neither a stale nor a damaged shard is ever taken for a good one.
"""

import glob
import hashlib
import io
from pathlib import Path

import numpy as np

from stages.lib.whole import whole


def short_digest(content: bytes) -> str:
    """Return 64 bits of the SHA-256 digest, as 16 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()[:16]


def find_shard(folder: Path, stem: str, origin: str) -> str | None:
    """Return the name of the intact shard of a recording; None where there is none.

    Parameters
    ----------
    folder : Path
    stem : str
        Of the recording.
    origin : str
        Digest of everything that the content depends on.
    """
    for path in folder.glob(f"{glob.escape(f'{stem}.{origin}')}-*.npy"):
        if path.name == f"{stem}.{origin}-{short_digest(path.read_bytes())}.npy":
            return path.name
    return None


def write_shard(folder: Path, stem: str, origin: str, arrays: np.ndarray) -> str:
    """Write the features of a recording and return the name of the shard.

    Parameters
    ----------
    folder : Path
    stem, origin : str
        As for `find_shard`.
    arrays : ndarray of float16, shape (clips, bands, frames)
    """
    file = io.BytesIO()
    np.save(file, arrays, allow_pickle=False)
    name = f"{stem}.{origin}-{short_digest(file.getvalue())}.npy"
    with whole(folder / name) as partial:
        partial.write_bytes(file.getvalue())
    return name
